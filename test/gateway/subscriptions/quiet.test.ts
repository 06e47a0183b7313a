import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { makeExecutableSchema } from '@graphql-tools/schema'
import { parse } from 'graphql'
import { trimLog } from '../../../events/log/trim-log.ts'
import { silentLog } from '../../../foundation/log.ts'
import { createExecutor } from '../../../gateway/execution/create-executor.ts'
import { createPlanner } from '../../../gateway/planning/create-planner.ts'
import { createSubscribeOperation } from '../../../gateway/subscriptions/subscribe-operation.ts'
import { createHttpSubgraph } from '../../../gateway/transports/http-subgraph.ts'
import type { Call } from '../../../subgraphs/call.ts'
import { followLog } from '../../../subgraphs/follow-log.ts'
import { createErrorFormat } from '../../../subgraphs/format-error.ts'
import { serveSubscriptions } from '../../../subgraphs/serve-subscriptions.ts'
import { type LogFixture, openLogFixture, type TestLog, things, write } from '../../events/log/log-fixture.ts'
import { compose } from '../../federation/compose.ts'
import { eventually } from '../../support/eventually.ts'
import { generationsOf } from '../../support/generations-of.ts'
import { viewersOf } from '../../support/module-under-test.ts'

const sdl = `type Query { latest: Int }
  type Subscription { changed(after: String): Change }
  type Change { cursor: String! subject: String! }`

let fixture: LogFixture
let log: TestLog
const closers: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  fixture = await openLogFixture()
  log = await fixture.openLog({ staleAfterMs: 20 })
})
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
  await fixture.close()
})

/** An instance of the module. @returns its address, and what kills it */
async function startInstance() {
  const server = createServer()
  const close = serveSubscriptions(server, {
    schema: makeExecutableSchema({ typeDefs: sdl, resolvers: { Subscription: { changed: { subscribe } } } }),
    format: createErrorFormat(silentLog),
    verify: async (_credentials, signal) => ({ viewer: viewersOf('acme').member, signal, traceparent: null }),
    createContext: (call) => ({ call }),
    placesEveryMs: 20,
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const kill = async () => {
    await close()
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`, kill }
}

async function subscribe(
  _root: unknown,
  { after = null }: { after?: string | null },
  { call }: { call: Call },
) {
  const entries = await followLog(log, { stream: things, after }, call)
  return (async function* () {
    for await (const { cursor, event } of entries) yield { changed: { cursor, subject: event.subject } }
  })()
}

/** A gateway's subscription to whichever instance is there. */
async function follow(endpoint: () => string | undefined) {
  const subgraph = createHttpSubgraph({ audience: 'log', endpoint, sign: null, timeoutMs: 5_000 })
  closers.push(subgraph.close)
  const subgraphs = new Map([['log', subgraph]])
  const planner = createPlanner(compose({ log: { sdl } }))
  const generation = {
    id: '1',
    planner,
    subgraphs,
    rules: null,
    executor: createExecutor({ ...planner, subgraphs }),
  }
  const answers = await createSubscribeOperation({ format: (error) => error.toJSON() })(
    {
      document: parse('subscription { changed { subject cursor } }'),
      operationName: undefined,
      variables: {},
      caller: { viewer: null, depth: 0, traceparent: undefined },
      signal: new AbortController().signal,
    },
    generationsOf(async () => ({ generation, [Symbol.dispose]: () => undefined })),
  )
  if (!(Symbol.asyncIterator in answers)) throw new Error(`No stream: ${JSON.stringify(answers)}`)
  closers.push(() => answers.return())
  return answers
}

/** Others' events come, and are taken away with all that is older. */
async function letTimePass(): Promise<void> {
  for (const subject of ['x', 'y']) await write(log, subject, { client: 'globex' })
  const pool = fixture.pool
  await eventually('all is on the bus', async () => {
    const { rows } = await pool.query(
      'SELECT published = (SELECT count(*) FROM event_log) + horizon AS is FROM event_log_head',
    )
    return rows[0].is
  })
  const enough = new AbortController()
  const session = {
    query: async (text: string, values?: unknown[]) => (await pool.query(text, values)).rows,
    onNotification: () => undefined,
  }
  const trimming = trimLog(session, { maxAgeMs: 0, maxBytes: 0 }, enough.signal)
  await eventually('all is gone', async () => {
    return (await pool.query('SELECT FROM event_log')).rowCount === 0
  })
  enough.abort()
  await trimming
}

test.each([0, 1])(
  'a subscription that was quiet for longer than events are kept outlives its module: %d events before',
  async (before) => {
    let instance: Awaited<ReturnType<typeof startInstance>> | undefined = await startInstance()
    const answers = await follow(() => instance?.url)
    const next = async () => {
      const step = await answers.next()
      return step.done ? step : JSON.parse(step.value.text)
    }
    await eventually('it has begun', () => answers.cursor?.())
    if (before === 1) {
      await write(log, 'first')
      expect(await next()).toMatchObject({ data: { changed: { subject: 'first' } } })
    }
    const waiting = next()
    const stood = answers.cursor?.()
    await letTimePass()
    await eventually('its place is of now', () => answers.cursor?.() !== stood)
    await eventually('and of the end', async () => {
      const cursor = answers.cursor?.() ?? ''
      return log.read(things, cursor, 1).then(
        () => true,
        () => false,
      )
    })
    await instance.kill()
    instance = undefined
    await write(log, 'second')
    instance = await startInstance()
    closers.push(instance.kill)
    expect(await waiting).toMatchObject({ data: { changed: { subject: 'second' } } })
  },
)
