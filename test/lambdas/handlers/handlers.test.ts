import { PrismaPg } from '@prisma/adapter-pg'
import { decodeJwt } from 'jose'
import type { Bus } from '../../../events/bus/bus.ts'
import { openBus } from '../../../events/bus/open-bus.ts'
import type { PlatformEvent } from '../../../events/catalogue/platform-event.ts'
import { silentLog } from '../../../foundation/log.ts'
import { mostQueued } from '../../../lambdas/host/handlers/backlog.ts'
import { createHandlerQueue, type HandlerQueue } from '../../../lambdas/host/handlers/handler-queue.ts'
import { PrismaClient } from '../../../prisma/generated/lambdas/client.ts'
import { createEmptyDatabase, type TestDatabase } from '../../support/database.ts'
import { eventually } from '../../support/eventually.ts'
import { deployerOf, handling, type LambdaHostUnderTest, startLambdaHost } from '../lambda-host-under-test.ts'

type Asked = { query: string; token: string; traceparent: string | undefined }

let busDatabase: TestDatabase
let bus: Bus
let host: LambdaHostUnderTest
let db: PrismaClient
let queue: HandlerQueue
const asked: Asked[] = []
let answers: (query: string) => Promise<object> | object = () => ({ data: {} })

beforeAll(async () => {
  busDatabase = await createEmptyDatabase('bus')
  bus = await openBus({ url: busDatabase.url, log: silentLog })
  host = await startLambdaHost(
    (request, authorization, traceparent) => {
      asked.push({ query: request.query, token: authorization.replace('Bearer ', ''), traceparent })
      return answers(request.query)
    },
    { env: { TRELLIS_BUS_URL: busDatabase.url }, handlerRetryDelaysMs: [20, 40] },
  )
  db = new PrismaClient({ adapter: new PrismaPg({ connectionString: String(host.env.DATABASE_URL) }) })
  queue = createHandlerQueue(db)
})
afterAll(async () => {
  await db?.$disconnect()
  await host?.close()
  await bus?.close()
  await busDatabase?.drop()
})
beforeEach(() => {
  asked.length = 0
  answers = () => ({ data: {} })
})

let events = 0
function eventOf(client: string, subject: string, rest: Partial<PlatformEvent> = {}): PlatformEvent {
  const id = `e${++events}`
  const place = { id, source: 'data', type: 'data.record.created', subject, client }
  const time = '2026-01-01T00:00:00.000Z'
  return { ...place, actor: 'user:u1', time, traceparent: null, dataVersion: 1, data: { n: events }, ...rest }
}

const seen = () => asked.map(({ query }) => query)
const allSeen = (expected: readonly string[]) =>
  eventually(`seen are ${expected}`, () => expected.every((one) => seen().includes(one)))
const deadLetters = (client: string) => queue.deadLetters(client, { after: null, limit: 10 })
const oneDeadLetter = (client: string) =>
  eventually('there is a dead letter', async () => (await deadLetters(client))[0])

/** What was published is noted, or passed over. */
const allNoted = () =>
  eventually('the group is behind all of it', async () => {
    const groups = await bus.operations.groups()
    return groups.find(({ name }) => name === 'plugins')?.lag === 0
  })

test('a handler is given the events of its own client, and asks with the rights of the plugin', async () => {
  await host.activate('acme', handling('await saw(JSON.stringify(event) + typeof ctx.graphql)'), {
    grants: { scopes: ['records:read'], egress: [] },
  })
  const event = eventOf('acme', 's1')
  await bus.publish([eventOf('globex', 's1'), eventOf('acme', 's1', { type: 'data.record.deleted' }), event])
  const { id, type, subject, time, actor, data } = event
  await allSeen([`${JSON.stringify({ id, type, subject, time, actor, data })}undefined`])
  expect(asked).toHaveLength(1)
  expect(decodeJwt(asked[0]?.token ?? '')).toMatchObject({
    aud: 'gateway',
    depth: 0,
    viewer: { kind: 'PLUGIN', client: 'acme', scopes: ['records:read'] },
  })
  await eventually(
    'nothing is left',
    async () => (await db.handlerEvent.count({ where: { client: 'acme' } })) === 0,
  )
})

test('what throws is tried again, then is a dead letter; its subject keeps its order, and others do not wait', async () => {
  await host.activate(
    'order',
    handling(`await saw(event.data.name)
      if (event.data.name === 'bad') throw new Error('no good')`),
  )
  const named = (name: string, subject: string) => eventOf('order', subject, { data: { name } })
  await bus.publish([named('bad', 'one'), named('after', 'one'), named('other', 'two')])
  await allSeen(['after', 'other'])
  expect(seen().filter((name) => name !== 'other')).toEqual(['bad', 'bad', 'bad', 'after'])
  const letter = await oneDeadLetter('order')
  expect(letter).toMatchObject({
    group: 'plugin:order',
    event: { subject: 'one', data: { name: 'bad' } },
    error: 'LAMBDA_FAILED: no good',
    ...{ file: 'plugin.ts', line: 8 },
    attempts: 3,
    redelivering: false,
  })
  expect(await deadLetters('acme')).toEqual([])

  // Another release, which can do it, is served; the dead letter is handled by that one.
  await host.activate('order', handling('await saw("better " + event.data.name)'))
  expect(await queue.redeliver('acme', null)).toBe(0)
  expect(await queue.redeliver('order', ['another'])).toBe(0)
  expect(await queue.redeliver('order', [letter.event.id])).toBe(1)
  await allSeen(['better bad'])
  await eventually('it is none any more', async () => (await deadLetters('order')).length === 0)
})

test("a client whose handlers hang, for many events, keeps nobody else's back", async () => {
  await host.activate('stuck', handling('await new Promise(() => {})'))
  await host.activate('brisk', handling('await saw("brisk " + event.subject)'))
  await bus.publish(Array.from({ length: 300 }, (_, n) => eventOf('stuck', `s${n}`)))
  await eventually(
    'they are noted',
    async () => (await db.handlerEvent.count({ where: { client: 'stuck' } })) === 300,
  )
  const startedAt = performance.now()
  await bus.publish(Array.from({ length: 20 }, (_, n) => eventOf('brisk', `s${n}`)))
  await allSeen(Array.from({ length: 20 }, (_, n) => `brisk s${n}`))
  expect(performance.now() - startedAt).toBeLessThan(5_000)
  await db.handlerEvent.deleteMany({ where: { client: 'stuck' } })
})

test('an event of the moments in which a first release becomes known to the host is handled', async () => {
  const built = await host.build('early', { 'plugin.ts': handling('await saw("early " + event.subject)') })
  if (!built.ok) throw new Error(JSON.stringify(built.errors))
  // The release is active from here on; that it is, this host hears last.
  await bus.publish([eventOf('early', 's1'), eventOf('early', 's2', { type: 'data.record.deleted' })])
  const noted = () => db.handlerEvent.findMany({ where: { client: 'early' } })
  await eventually('it is noted, and what no build handles is not', async () => (await noted()).length > 0)
  await host.gateway.setPlugin('early', {
    active: { number: 1, digest: built.digest, handlers: built.handlers },
  })
  await allSeen(['early s1'])
  await eventually('nothing is left', async () => (await noted()).length === 0)
})

test('the same of an older release that is announced: what nobody handles now is kept for it', async () => {
  const built = await host.build('rolled', { 'plugin.ts': handling('await saw("rolled " + event.subject)') })
  if (!built.ok) throw new Error(JSON.stringify(built.errors))
  const { digest, handlers } = built
  await db.announcedHandler.updateMany({ data: { announcedAt: new Date(Date.now() - 3_600_000) } })
  await host.gateway.setPlugin('rolled', { active: { number: 2, digest: 'another', handlers: [] } })
  const publishAndSee = async (subject: string) => {
    await bus.publish([eventOf('rolled', subject)])
    await allNoted()
    return (await db.handlerEvent.findMany({ where: { client: 'rolled' } })).map((noted) => noted.subject)
  }
  expect(await publishAndSee('before')).toEqual([])
  const announce = { do: 'announce', types: handlers }
  expect(await host.send('/clients/rolled/desk', announce, deployerOf('rolled'))).toEqual({ answer: true })
  expect(await publishAndSee('first')).toEqual(['first'])
  await host.gateway.setPlugin('rolled', { active: { number: 1, digest, handlers } })
  await allSeen(['rolled first'])
  expect(seen()).not.toContain('rolled before')
})

describe('a replay to the handlers of a client', () => {
  const replay = async (client: string, type: string | null = null) => {
    const from = new Date(Date.now() - 3_600_000).toISOString()
    const to = new Date().toISOString()
    return bus.operations.startReplay({ client, group: 'plugins', type, from, to, requestedBy: null })
  }
  const statusOf = async (id: string) => (await bus.operations.replay(id))?.status
  const happened = (client: string, subject: string, n: number) =>
    eventOf(client, subject, { time: new Date(Date.now() - 60_000).toISOString(), data: { n } })

  test('brings what was there before the plugin, and what it has handled before, in order', async () => {
    await bus.publish([
      ...[1, 2, 3].map((n) => happened('again', 's', n)),
      happened('other', 's', 4),
      { ...happened('again', 's', 5), type: 'data.record.deleted' },
    ])
    await allNoted()
    await host.activate('again', handling('await saw("again " + event.data.n)'))
    const { id, matched } = await replay('again')
    expect(matched).toBe(4)
    await allSeen(['again 1', 'again 2', 'again 3'])
    await eventually('it is done', async () => (await statusOf(id)) === 'DONE')
    await replay('again')
    await eventually('all came again', () => seen().length >= 6)
    expect(seen()).toEqual(['again 1', 'again 2', 'again 3', 'again 1', 'again 2', 'again 3'])
  })
})

test('what a build handles that is never released is done with once the registry of later than that is known', async () => {
  const built = await host.build('tried', { 'plugin.ts': handling('await saw("never")') })
  expect(built.ok).toBe(true)
  await bus.publish([eventOf('tried', 's1')])
  const where = { client: 'tried' }
  await eventually('it is noted', async () => (await db.handlerEvent.count({ where })) === 1)
  await db.handlerEvent.updateMany({ where, data: { notedAt: new Date(Date.now() - 60_000) } })
  await eventually('it is done with', async () => (await db.handlerEvent.count({ where })) === 0)
  expect(seen()).not.toContain('never')
})

test('of a flood, a bounded number waits in the queue and the rest on the bus; another client is served meanwhile, and all of it is handled once, in order', async () => {
  const flood = 5_000
  const subjects = 50
  let open = false
  const released = Promise.withResolvers<void>()
  answers = async (query) => {
    if (!open && query.startsWith('flood')) await released.promise
    return { data: {} }
  }
  await host.activate('flood', handling('await saw("flood " + event.subject + " " + event.data.n)'))
  await host.activate('calm', handling('await saw("calm " + event.subject)'))
  for (let n = 0; n < flood; n += 500)
    await bus.publish(
      Array.from({ length: 500 }, (_, at) =>
        eventOf('flood', `s${(n + at) % subjects}`, { data: { n: Math.floor((n + at) / subjects) } }),
      ),
    )
  await bus.publish([eventOf('calm', 'only')])
  await allSeen(['calm only'])
  const queued = () => db.handlerEvent.count({ where: { client: 'flood' } })
  let most = 0
  const watch = async () => {
    most = Math.max(most, await queued())
    return most
  }
  const group = async () => (await bus.operations.groups()).find(({ name }) => name === 'plugins')?.lag
  await eventually(
    'the bus has given all to the group',
    async () => (await watch()) > 0 && (await group()) === 0,
  )
  open = true
  released.resolve()
  await eventually(
    'all are handled',
    async () => {
      await watch()
      return seen().filter((one) => one.startsWith('flood')).length >= flood
    },
    60_000,
  )
  expect(most).toBeGreaterThanOrEqual(mostQueued)
  expect(most).toBeLessThan(mostQueued * 1.5)
  for (let subject = 0; subject < subjects; subject += 1) {
    const mine = seen().filter((one) => one.startsWith(`flood s${subject} `))
    expect(mine).toEqual(Array.from({ length: flood / subjects }, (_, n) => `flood s${subject} ${n}`))
  }
  // What comes after the flood goes the short way again.
  await bus.publish([eventOf('flood', 'after', { data: { n: 1 } })])
  await allSeen(['flood after 1'])
}, 90_000)

test('events that a handler emits are there once, however often it runs, and are of the plugin', async () => {
  await host.activate(
    'emits',
    handling(`
      await ctx.emit('plugin.thing_done', { subject: event.subject, data: { n: 1 } })
      await ctx.emit('plugin.thing_done', { subject: event.subject, data: { n: 2 } })
      if (await ctx.kv.set('tried', true, { ifEquals: null })) throw new Error('once more')
      await saw('emitted')`),
  )
  await bus.publish([eventOf('emits', 's1', { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` })])
  await allSeen(['emitted'])
  const published = await eventually('they are on the bus', async () => {
    const filter = { client: 'emits', type: 'plugin.thing_done', subject: null }
    const found = await bus.operations.history(filter, { after: null, limit: 10, newestFirst: false })
    return found.length >= 2 && found
  })
  expect(published.map(({ event }) => event)).toEqual([
    expect.objectContaining({ source: 'plugin', subject: 's1', actor: 'plugin:emits', data: { n: 1 } }),
    expect.objectContaining({
      data: { n: 2 },
      traceparent: expect.stringMatching(`^00-${'a'.repeat(32)}-01`),
    }),
  ])
  expect(asked[0]?.traceparent).toContain(`00-${'a'.repeat(32)}-01`)
})

test('a handler that causes the event it handles is stopped after some rounds, with a dead letter that says so', async () => {
  await host.activate(
    'loops',
    handling(
      'await saw("round"); await ctx.emit("plugin.round", { subject: "s", data: {} })',
      'plugin.round',
    ),
  )
  await bus.publish([eventOf('loops', 's', { type: 'plugin.round', source: 'plugin' })])
  expect((await oneDeadLetter('loops')).error).toMatch(/^EVENT_LOOP/)
  expect(seen()).toHaveLength(6)
  // From somebody else, whatever the trace context looks like, it is no round.
  const forged = `00-${'c'.repeat(32)}-ff${'d'.repeat(14)}-01`
  asked.length = 0
  await bus.publish([eventOf('loops', 't', { type: 'plugin.round', source: 'plugin', traceparent: forged })])
  await allSeen(['round'])
})

test.each([
  ['BAD_USER_INPUT', '"plugin.Upper", { subject: "s", data: {} }'],
  ['BAD_USER_INPUT', '"data.record.created", { subject: "s", data: {} }'],
  ['BAD_USER_INPUT', '"plugin.", { subject: "s", data: {} }'],
  ['BAD_USER_INPUT', '"plugin.x", { subject: "", data: {} }'],
  ['BAD_USER_INPUT', '"plugin.x", { subject: "s", data: [] }'],
  ['BAD_USER_INPUT', '"plugin.x", { subject: "s", data: { a: "\\0" } }'],
  ['BAD_USER_INPUT', '"plugin.x", { subject: "s", data: { "\\ud800": 1 } }'],
  ['BAD_USER_INPUT', '"plugin.x"'],
  ['EVENT_TOO_LARGE', '"plugin.x", { subject: "s", data: { a: "x".repeat(70000) } }'],
])('%s: emit(%s)', async (code, emitted) => {
  const client = `odd-${events}`
  await host.activate(client, handling(`await ctx.emit(${emitted}).catch((e) => saw(e.code + event.id))`))
  const event = eventOf(client, 's')
  await bus.publish([event])
  await allSeen([code + event.id])
})
