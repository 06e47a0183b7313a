import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { openBus } from '../../../events/bus/open-bus.ts'
import type { PlatformEvent } from '../../../events/catalogue/platform-event.ts'
import { silentLog } from '../../../foundation/log.ts'
import { createEmptyDatabase } from '../../support/database.ts'
import { eventually } from '../../support/eventually.ts'
import { handling, startLambdaHost } from '../lambda-host-under-test.ts'

const main = fileURLToPath(new URL('../../../lambdas/host/main.ts', import.meta.url))

test('events in hand, and those behind them, outlive a host that is killed; what is released and happens while there is none is handled by the next', async () => {
  const busDatabase = await createEmptyDatabase('bus')
  const asked: string[] = []
  let hangs = true
  // It has no bus and handles nothing: it builds, for the copies.
  const builder = await startLambdaHost(({ query }) => {
    asked.push(query)
    return hangs ? new Promise(() => undefined) : { data: {} }
  })
  const copies: ChildProcess[] = []
  const startCopy = async () => {
    const env = { PATH: process.env.PATH, ...builder.env, TRELLIS_BUS_URL: busDatabase.url }
    const copy = spawn(process.execPath, [main], { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    copies.push(copy)
    await once(copy, 'message')
    return copy
  }
  try {
    await builder.activate('acme', handling('await saw(event.subject + event.data.n)'))
    const first = await startCopy()
    const publish = async (events: PlatformEvent[]) => {
      const bus = await openBus({ url: busDatabase.url, log: silentLog })
      await bus.publish(events)
      await bus.close()
    }
    const time = new Date().toISOString()
    const place = {
      source: 'data',
      type: 'data.record.created',
      client: 'acme',
      actor: null,
      traceparent: null,
    }
    const event = (subject: string, n: number) => ({
      ...place,
      id: subject + n,
      subject,
      time,
      dataVersion: 1,
      data: { n },
    })
    await publish([event('a', 1), event('b', 1), event('a', 2)])
    await eventually('both subjects are in hand', () => asked.includes('a1') && asked.includes('b1'), 30_000)
    first.kill('SIGKILL')
    await once(first, 'exit')
    hangs = false
    asked.length = 0
    const second = await startCopy()
    await eventually(
      'the other copy has handled them',
      () => asked.includes('a2') && asked.includes('b1'),
      20_000,
    )
    expect(asked.filter((one) => one.startsWith('a'))).toEqual(['a1', 'a2'])

    // A first release while no copy is there, and an event at once.
    second.kill('SIGTERM')
    await once(second, 'exit')
    await builder.activate('globex', handling('await saw("late " + event.subject)'))
    await publish([{ ...event('c', 1), client: 'globex' }])
    await startCopy()
    await eventually('it is handled by the copy that comes later', () => asked.includes('late c'), 20_000)
  } finally {
    for (const copy of copies.filter(
      ({ exitCode, signalCode }) => exitCode === null && signalCode === null,
    )) {
      copy.kill('SIGTERM')
      await once(copy, 'exit')
    }
    await builder.close()
    await busDatabase.drop()
  }
}, 120_000)
