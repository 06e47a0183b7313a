import type { ExecutionResult } from 'graphql-ws'
import type { ClientViewer } from '../../../foundation/viewer.ts'
import { eventually } from '../../support/eventually.ts'
import { codesOf, viewersOf } from '../../support/module-under-test.ts'
import { type DataModule, startDataModule } from './data-module.ts'

const { user, member, editor, admin, server } = viewersOf('acme')
const other = user('another-member', 'MEMBER')

type Change = {
  cursor: string
  lagged: number
  type: string
  version: number
  record: { id: string; version: number; data: Record<string, unknown>; createdBy: { id: string } | null }
}
type Rest = { filter?: unknown; after?: string | null }

let module: DataModule
let number = 0
beforeAll(async () => {
  module = await startDataModule()
})
afterAll(() => module.close())

/** A collection of its own for each test, so that no change of another is among what it hears. */
async function newCollection(access: 'OWN' | 'READ' | 'WRITE' = 'OWN'): Promise<string> {
  const name = `orders${++number}`
  await module.define(admin, name, access)
  return name
}

async function open(
  viewer: ClientViewer,
  collection: string,
  rest: Rest = {},
): Promise<AsyncGenerator<ExecutionResult>> {
  return module.subscribe(
    await module.gateway.token(viewer, 'data'),
    `subscription ($collection: String!, $filter: JSON, $after: String) {
      recordChanged(collection: $collection, filter: $filter, after: $after) {
        cursor lagged type version record { id version data createdBy { id } } } }`,
    { collection, ...rest },
  )
}

/** Listens, and is heard from only when it listens for sure: the first change it hears is one made for that purpose. */
async function listen(viewer: ClientViewer, collection: string, rest: Rest = {}) {
  const source = await open(viewer, collection, rest)
  const heard: Change[] = []
  const failures: ExecutionResult[] = []
  let knocked = false
  const ended = (async () => {
    for await (const result of source) {
      const change = result.data?.recordChanged as Change | undefined
      if (!change) failures.push(result)
      else if (change.record.data.number !== 'knock') heard.push(change)
      else knocked = true
    }
  })()
  if (rest.after === undefined) {
    await eventually('the subscription is heard', async () => {
      await module.created(viewer, collection, { number: 'knock', ...(rest.filter as object) })
      return knocked
    })
  }
  return {
    heard,
    failures,
    take: (count: number) =>
      eventually(`${count} changes`, () => heard.length >= count && heard.slice(0, count)),
    async stop() {
      await source.return(undefined)
      await ended
    },
  }
}

test('each change comes with the record as of it, in order', async () => {
  const orders = await newCollection()
  const listener = await listen(editor, orders)
  const { id } = await module.created(member, orders, { number: '1' })
  await module.update(editor, id, 1, { total: 2 })
  await module.remove(server, id, 2)
  expect(await listener.take(3)).toMatchObject([
    {
      type: 'CREATED',
      version: 1,
      lagged: 0,
      record: { id, version: 1, data: { number: '1' }, createdBy: { id: 'a-member' } },
    },
    { type: 'UPDATED', version: 2, record: { version: 2, data: { number: '1', total: 2 } } },
    {
      type: 'DELETED',
      version: 3,
      record: { version: 2, data: { number: '1', total: 2 }, createdBy: { id: 'a-member' } },
    },
  ])
  await listener.stop()
})

test('entering the filter and leaving it are changes too', async () => {
  const orders = await newCollection()
  const listener = await listen(editor, orders, { filter: { status: 'open' } })
  const { id } = await module.created(member, orders, { number: '1', status: 'draft' })
  await module.update(member, id, 1, { status: 'open' })
  await module.update(member, id, 2, { status: 'open', total: 1 })
  await module.update(member, id, 3, { status: 'closed' })
  await module.update(member, id, 4, { total: 5 })
  await module.created(member, orders, { number: '2', status: 'open' })
  expect((await listener.take(4)).map(({ version, record }) => [record.data.number, version])).toEqual([
    ['1', 2],
    ['1', 3],
    ['1', 4],
    ['2', 1],
  ])
  await listener.stop()
})

test('`after` gives what was missed, then what comes, each once', async () => {
  const orders = await newCollection()
  const first = await listen(member, orders)
  const { id } = await module.created(member, orders, { number: '1' })
  const cursor = (await first.take(1))[0]?.cursor
  await first.stop()
  await module.update(member, id, 1, { total: 1 })
  await module.update(member, id, 2, { total: 2 })
  const second = await listen(member, orders, { after: cursor })
  await second.take(2)
  await module.update(member, id, 3, { total: 3 })
  expect((await second.take(3)).map(({ version }) => version)).toEqual([2, 3, 4])
  await second.stop()
})

test('a collection hears nothing of another', async () => {
  const [one, another] = [await newCollection(), await newCollection()]
  const listener = await listen(editor, one)
  await module.created(editor, another, { number: 'elsewhere' })
  await module.created(editor, one, { number: 'here' })
  expect((await listener.take(1))[0]?.record.data.number).toBe('here')
  await listener.stop()
})

test.each<['OWN' | 'READ' | 'WRITE', string[]]>([
  ['OWN', ['own']],
  ['READ', ['of another', 'own']],
  ['WRITE', ['of another', 'own']],
])('in a collection %s a member hears of %j', async (access, numbers) => {
  const orders = await newCollection(access)
  const listener = await listen(member, orders)
  await module.created(other, orders, { number: 'of another' })
  await module.created(member, orders, { number: 'own' })
  expect((await listener.take(numbers.length)).map(({ record }) => record.data.number)).toEqual(numbers)
  await listener.stop()
})

test('history after a cursor holds no more than the viewer may read', async () => {
  const orders = await newCollection('OWN')
  const asEditor = await listen(editor, orders)
  await module.created(other, orders, { number: 'first' })
  await module.created(other, orders, { number: 'of another' })
  await module.created(member, orders, { number: 'own' })
  const cursor = (await asEditor.take(3))[0]?.cursor
  const asMember = await listen(member, orders, { after: cursor })
  expect((await asMember.take(1)).map(({ record }) => record.data.number)).toEqual(['own'])
  await asMember.stop()
  await asEditor.stop()
})

test('a rule that becomes stricter holds for those who are listening', async () => {
  const orders = await newCollection('READ')
  const listener = await listen(member, orders)
  await module.created(other, orders, { number: 'read' })
  await listener.take(1)
  await module.define(admin, orders, 'OWN')
  await eventually('the stricter rule holds', async () => {
    const before = listener.heard.length
    await module.created(other, orders, { number: 'not read' })
    const mark = crypto.randomUUID()
    await module.created(member, orders, { number: mark })
    await eventually('the mark', () => listener.heard.some(({ record }) => record.data.number === mark))
    return listener.heard.slice(before).every(({ record }) => record.data.number === mark)
  })
  await listener.stop()
})

test.each<[string, Rest & { collection?: string }, string]>([
  ['a cursor that is none', { after: 'x' }, 'CURSOR_INVALID'],
  ['an empty cursor', { after: '' }, 'CURSOR_INVALID'],
  ['a filter that is none', { filter: { a: { $where: 1 } } }, 'BAD_USER_INPUT'],
  ['an unknown collection', { collection: 'nothing' }, 'NOT_FOUND'],
])('%s is refused, and the socket lives on', async (_what, { collection, ...rest }, code) => {
  const orders = collection ?? (await newCollection())
  const refused = await open(editor, orders, rest)
  expect(codesOf((await refused.next()).value)).toEqual([code])
  const alive = await newCollection()
  const listener = await listen(editor, alive)
  await listener.stop()
})

test('a cursor of another collection is refused', async () => {
  const [one, another] = [await newCollection(), await newCollection()]
  const listener = await listen(editor, one)
  await module.created(editor, one, { number: '1' })
  const after = (await listener.take(1))[0]?.cursor
  await listener.stop()
  expect(codesOf((await (await open(editor, another, { after })).next()).value)).toEqual([
    'CURSOR_OF_ANOTHER_STREAM',
  ])
})

test('of many writers at once nothing is lost and nothing comes twice', async () => {
  const orders = await newCollection()
  const listener = await listen(editor, orders)
  await Promise.all(
    Array.from({ length: 40 }, (_unused, index) => module.created(member, orders, { number: String(index) })),
  )
  const numbers = (await listener.take(40)).map(({ record }) => Number(record.data.number))
  expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_unused, index) => index))
  expect(listener.heard).toHaveLength(40)
  await listener.stop()
})
