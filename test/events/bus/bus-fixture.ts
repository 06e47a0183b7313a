import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Bus, BusSubscription } from '../../../events/bus/bus.ts'
import { type OpenBusOptions, openBus } from '../../../events/bus/open-bus.ts'
import type { PlatformEvent } from '../../../events/catalogue/platform-event.ts'
import { silentLog } from '../../../foundation/log.ts'
import { eventually } from '../../support/eventually.ts'

/** A broker with nothing in it, for one test. */
export type Broker = {
  url: string /** As its process would be, when it is killed. */
  restart(): Promise<void>
  close(): Promise<void>
}

export type BusFixture = Awaited<ReturnType<typeof openBusFixture>>

export async function openBusFixture(openBroker: () => Promise<Broker>) {
  const broker = await openBroker()
  const closers: (() => Promise<unknown>)[] = []

  async function open(options: Partial<OpenBusOptions> = {}): Promise<Bus> {
    const bus = await openBus({ url: broker.url, log: silentLog, retryDelaysMs: [10, 20], ...options })
    closers.push(bus.close)
    return bus
  }

  return {
    broker,
    open,
    /** A consumer that notes what it has handled, each event once, and how often it was asked to. */
    async consumer(bus: Bus, group: string, more: Partial<BusSubscription> = {}) {
      const seen: PlatformEvent[] = []
      const ids = new Set<string>()
      let deliveries = 0
      const close = await bus.subscribe({
        group,
        ...more,
        async handle(event, signal, position) {
          deliveries += 1
          await more.handle?.(event, signal, position)
          if (!ids.has(event.id)) seen.push(event)
          ids.add(event.id)
        },
      })
      return { seen, close, names: () => seen.map(nameOf), deliveries: () => deliveries }
    },
    /** A consumer of group `a` in a process of its own, which holds what is behind so many events of a subject. */
    async process(handled: number) {
      const script = new URL('./bus-process.ts', import.meta.url).pathname
      const child = spawn(process.execPath, [script, broker.url, String(handled)], {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      })
      const exited = once(child, 'exit')
      const said: Record<string, unknown>[] = []
      child.on('message', (message) => said.push(message as Record<string, unknown>))
      closers.push(async () => {
        child.kill('SIGKILL')
        await exited
      })
      await eventually('the process has subscribed', () => said.some(({ ready }) => ready))
      return {
        said,
        kill: (signal: NodeJS.Signals) => child.kill(signal),
        goOn: () => child.send('go on'),
        exited,
      }
    },
    async close() {
      await Promise.all(closers.map((close) => close()))
      await broker.close()
    },
  }
}

/** Tests with a broker each, side by side: most of their time they wait for leases to end. */
export function proveConcurrently(openBroker: () => Promise<Broker>) {
  return (name: string, prove: (fixture: BusFixture) => Promise<void>): void =>
    test.concurrent(name, async () => {
      const fixture = await openBusFixture(openBroker)
      try {
        await prove(fixture)
      } finally {
        await fixture.close()
      }
    })
}

/** An event named by its data; of one subject each, unless it is said. */
export function happened(name: string, more: Partial<PlatformEvent> = {}): PlatformEvent {
  return {
    id: crypto.randomUUID(),
    source: 'test',
    type: 'test.thing.changed',
    subject: name,
    client: 'acme',
    actor: null,
    time: new Date().toISOString(),
    traceparent: null,
    dataVersion: 1,
    data: { name, list: [null, 'ü\u0000'.slice(0, 1)] },
    ...more,
  }
}

export function nameOf(event: PlatformEvent): string {
  return String(event.data.name)
}

/** `s3` and `s7` of subject `s`. */
export function ofSubject(events: readonly PlatformEvent[], subject: string): string[] {
  return events.filter((event) => event.subject === subject).map(nameOf)
}

export function numbered(subject: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${subject}-${index}`)
}

/** `count` events of each subject, taking turns. */
export function interleaved(subjects: readonly string[], count: number): PlatformEvent[] {
  return Array.from({ length: count }, (_, index) =>
    subjects.map((subject) => happened(`${subject}-${index}`, { subject })),
  ).flat()
}
