import type { Bus } from '../../../events/bus/bus.ts'
import type { HistoryEntry } from '../../../events/bus/bus-operations.ts'
import { openBus } from '../../../events/bus/open-bus.ts'
import { silentLog } from '../../../foundation/log.ts'
import { type Backlog, createBacklog, mostQueued } from '../../../lambdas/host/handlers/backlog.ts'
import { createHandlerQueue } from '../../../lambdas/host/handlers/handler-queue.ts'
import { workQueue } from '../../../lambdas/host/handlers/work-queue.ts'
import { createEmptyDatabase, type TestDatabase } from '../../support/database.ts'
import { queryDatabase } from '../../support/inspect-database.ts'
import { openLambdasDatabase } from '../ctx/lambdas-database.ts'

let database: Awaited<ReturnType<typeof openLambdasDatabase>>
let busDatabase: TestDatabase
let bus: Bus
let backlog: Backlog
beforeAll(async () => {
  database = await openLambdasDatabase()
  busDatabase = await createEmptyDatabase('bus')
  bus = await openBus({ url: busDatabase.url, log: silentLog })
  const isHandled = async ({ type }: { type: string }) => type === 'data.record.created'
  backlog = createBacklog({ db: database.db, bus: bus.operations, isHandled, log: silentLog })
})
afterAll(async () => {
  await bus?.close()
  await busDatabase?.drop()
  await database?.close()
})

/** On the bus, and as the group is given them. */
async function published(client: string, names: readonly string[], type = 'data.record.created') {
  const rest = { source: 'data', actor: null, traceparent: null, dataVersion: 1, data: {} }
  const time = new Date().toISOString()
  await bus.publish(names.map((id) => ({ ...rest, id: client + id, type, subject: 's', client, time })))
  const filter = { client, type, subject: null }
  const all = await bus.operations.history(filter, { after: null, limit: 5_000, newestFirst: false })
  return all.slice(-names.length)
}
const named = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => `-${from + at}`)
const addAll = (entries: readonly HistoryEntry[]) => Promise.all(entries.map(backlog.add))
const queued = async (client: string) => {
  const rows = await database.db.handlerEvent.findMany({ where: { client }, orderBy: { seq: 'asc' } })
  return rows.map(({ eventId }) => eventId.replace(client, ''))
}
const handleAll = (client: string) => database.db.handlerEvent.deleteMany({ where: { client } })

test('what a full queue leaves on the bus is taken in its order and once, whenever the group is given it', async () => {
  const entries = await published('acme', named(0, mostQueued + 300))
  const [late] = entries.splice(10, 1)
  await addAll(entries.slice(0, mostQueued))
  await addAll(entries.slice(mostQueued, mostQueued + 200))
  expect(await queued('acme')).toHaveLength(mostQueued)
  expect(await backlog.refill('acme')).toBe(false)

  // One that was delayed comes before the place from which on the bus has them.
  if (late) await backlog.add(late)
  expect((await queued('acme')).at(-1)).toBe('-10')
  await handleAll('acme')
  await published('acme', ['-other'], 'data.record.deleted')
  expect(await backlog.refill('acme')).toBe(true)
  expect(await queued('acme')).toEqual(named(mostQueued + 1, mostQueued + 300))
  await handleAll('acme')
  expect(await backlog.refill('acme')).toBe(false)

  // Read from the bus before the group was given them.
  await addAll(entries.slice(mostQueued + 200))
  expect(await queued('acme')).toEqual([])
  await addAll(await published('acme', ['-next']))
  expect(await queued('acme')).toEqual(['-next'])
})

test('a second copy of the host that reads the same takes nothing twice; another client has its own queue', async () => {
  const entries = await published('twice', named(0, mostQueued + 10))
  await addAll(entries.slice(0, mostQueued))
  await addAll(entries.slice(mostQueued))
  await addAll(await published('other', ['-one']))
  expect(await queued('other')).toEqual(['-one'])
  await handleAll('twice')
  await Promise.all([backlog.refill('twice'), backlog.refill('twice')])
  expect(await queued('twice')).toEqual(named(mostQueued, mostQueued + 10))
})

test('what is to be handled once more waits until half of the queue is free; what happens now does not', async () => {
  const half = mostQueued / 2
  await addAll(await published('again', named(0, half)))
  const [old] = await published('again', ['-old'])
  const [live] = await published('again', ['-live'])
  if (!old || !live) throw new Error('They were published.')
  const { signal } = new AbortController()
  let isIn = false
  const again = backlog.again(old.event, signal).then(() => {
    isIn = true
  })
  await backlog.add(live)
  const queue = createHandlerQueue(database.db)
  expect(await queue.groups('again')).toEqual([
    { client: 'again', members: 0, waiting: half + 1, leftAfter: null, deadLetters: 0 },
  ])
  expect([isIn, (await queued('again')).at(-1)]).toEqual([false, '-live'])
  await expect(backlog.again(old.event, AbortSignal.abort(new Error('lost')))).rejects.toThrow('lost')
  await handleAll('again')
  await again
  expect(await queued('again')).toEqual(['-old'])
  // One that is in the queue already is there once.
  await backlog.again(old.event, signal)
  expect(await queued('again')).toEqual(['-old'])
})

test('how far each client is can be told: what waits, what is dead, and from where on it was left on the bus', async () => {
  const entries = await published('far', named(0, mostQueued + 20))
  await addAll(entries.slice(0, mostQueued))
  await addAll(entries.slice(mostQueued))
  const where = { client: 'far', eventId: { in: ['far-0', 'far-1'] } }
  await database.db.handlerEvent.updateMany({ where, data: { waiting: false, failedAt: new Date() } })
  await database.db.handlerQueue.update({
    where: { client: 'far' },
    data: { leasedUntil: new Date(Date.now() + 60_000) },
  })
  const groups = await createHandlerQueue(database.db).groups(null)
  expect(groups.find(({ client }) => client === 'far')).toEqual({
    client: 'far',
    members: 1,
    waiting: mostQueued - 2,
    leftAfter: entries[mostQueued - 1]?.position,
    deadLetters: 2,
  })
})

test('what the bus no longer keeps is lost, and said to be; what it keeps is taken', async () => {
  const entries = await published('old', named(0, mostQueued + 20))
  await addAll(entries.slice(0, mostQueued))
  await addAll(entries.slice(mostQueued))
  await handleAll('old')
  const gone = entries[mostQueued + 9]?.position ?? ''
  await queryDatabase(busDatabase.url, `DELETE FROM bus_event WHERE position <= ${gone}`)
  await queryDatabase(busDatabase.url, `UPDATE bus_horizon SET position = ${gone}`)
  expect(await backlog.refill('old')).toBe(true)
  expect(await queued('old')).toEqual(named(mostQueued + 10, mostQueued + 20))
})

test('work that is over when it is closed leaves no timer behind', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
  // Nothing is asked of the database here: its connections have timers, too.
  const queue = { ...createHandlerQueue(database.db), take: async () => [] }
  const before = timers()
  const worker = workQueue({
    ...{ queue, log: silentLog, retryDelaysMs: [] },
    refill: async () => false,
    handle: async () => 'done',
  })
  await worker.close()
  expect(timers()).toBeLessThanOrEqual(before)
})
