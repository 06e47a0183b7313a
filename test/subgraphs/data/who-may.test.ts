import type { ClientViewer } from '../../../foundation/viewer.ts'
import { eventually } from '../../support/eventually.ts'
import { codesOf, viewersOf } from '../../support/module-under-test.ts'
import { type DataModule, startDataModule, type WireRecord } from './data-module.ts'

/** The table "Who is calling, and what that allows", as far as it is about collections and records: a test a cell. */
const { user, frontend, member, editor, admin, server, partner, deployer } = viewersOf('acme')
const other = user('another-member', 'MEMBER')
const viewers = { frontend, member, editor, admin, server, partner, deployer }
type Who = keyof typeof viewers

let module: DataModule
beforeAll(async () => {
  module = await startDataModule()
  await Promise.all([
    module.define(admin, 'own', 'OWN'),
    module.define(admin, 'read', 'READ'),
    module.define(admin, 'write', 'WRITE'),
  ])
})
afterAll(() => module.close())

const forbidden = [['frontend'], ['deployer']] as const

describe.each(forbidden)('%s', (who) => {
  const viewer: ClientViewer = viewers[who]

  test.each([
    ['collections', '{ collections { totalCount } }'],
    ['collection', '{ collection(name: "write") { name } }'],
    ['record', `{ record(id: "${crypto.randomUUID()}") { id } }`],
    ['records', '{ records(collection: "write") { totalCount } }'],
    ['defineCollection', 'mutation { defineCollection(name: "x", schema: true) { name } }'],
    ['createRecord', 'mutation { createRecord(collection: "write", data: { number: "1" }) { id } }'],
    [
      'updateRecord',
      `mutation { updateRecord(id: "${crypto.randomUUID()}", expectedVersion: 1, patch: {}) { id } }`,
    ],
    ['deleteRecord', `mutation { deleteRecord(id: "${crypto.randomUUID()}", expectedVersion: 1) }`],
  ])('may not %s', async (field, operation) => {
    const answer = await module.ask(viewer, operation)
    expect(codesOf(answer)).toEqual(['FORBIDDEN'])
    expect(answer.data).toEqual({ [field]: null })
  })

  test('may not recordChanged', async () => {
    const changes = module.subscribe(
      await module.gateway.token(viewer, 'data'),
      'subscription { recordChanged(collection: "write") { cursor } }',
    )
    const { value } = await changes.next()
    expect(codesOf(value)).toEqual(['FORBIDDEN'])
  })

  test('gets nothing of an entity by reference', async () => {
    const { id } = await module.created(admin, 'write', { number: '1' })
    const answer = await module.ask(
      viewer,
      'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Record { data } ... on Collection { schema } } }',
      {
        of: [
          { __typename: 'Record', id },
          { __typename: 'Collection', name: 'write' },
        ],
      },
    )
    expect(codesOf(answer)).toEqual(['FORBIDDEN', 'FORBIDDEN'])
    expect(answer.data).toEqual({ _entities: [null, null] })
  })
})

describe('defining a collection', () => {
  test.each<[Who, string[]]>([
    ['member', ['FORBIDDEN']],
    ['editor', ['FORBIDDEN']],
    ['admin', []],
    ['server', []],
  ])('%s: %j', async (who, codes) => {
    expect(codesOf(await module.define(viewers[who], `by-${who}`))).toEqual(codes)
  })

  test.each<[Who]>([['member'], ['editor'], ['admin'], ['server']])(
    '%s sees what is defined',
    async (who) => {
      const { data } = await module.ask(viewers[who], '{ collection(name: "own") { name access schema } }')
      expect(data?.collection).toMatchObject({ name: 'own', access: 'OWN' })
    },
  )
})

type Sight = { reads: boolean; writes: 'yes' | 'FORBIDDEN' | 'NOT_FOUND' }
const everything: Sight = { reads: true, writes: 'yes' }
const nothing: Sight = { reads: false, writes: 'NOT_FOUND' }

describe.each<['own' | 'read' | 'write', Who, Sight]>([
  ['own', 'member', nothing],
  ['read', 'member', { reads: true, writes: 'FORBIDDEN' }],
  ['write', 'member', everything],
  ['own', 'editor', everything],
  ['read', 'editor', everything],
  ['write', 'editor', everything],
  ['own', 'admin', everything],
  ['read', 'admin', everything],
  ['write', 'admin', everything],
  ['own', 'server', everything],
  ['read', 'server', everything],
  ['write', 'server', everything],
])('in a collection "%s", %s and the record of another', (collection, who, { reads, writes }) => {
  const viewer = viewers[who]
  let record: WireRecord
  beforeEach(async () => {
    record = await module.created(other, collection, { number: 'of another' })
  })

  test(`reads it: ${reads}`, async () => {
    const found = await module.find(viewer, record.id)
    expect(found.errors).toBeUndefined()
    expect(found.data?.record ?? null).toEqual(reads ? expect.objectContaining({ id: record.id }) : null)
    const { edges, totalCount } = await module.listed(viewer, collection, { first: 100 })
    expect(edges.some(({ node }) => node.id === record.id)).toBe(reads)
    const all = await module.listed(admin, collection, { first: 100 })
    const visible = reads
      ? all.totalCount
      : all.edges.filter(({ node }) => node.data.number !== 'of another').length
    expect(totalCount).toBe(visible)
  })

  test(`changes and deletes it: ${writes}`, async () => {
    const codes = writes === 'yes' ? [] : [writes]
    expect(codesOf(await module.update(viewer, record.id, 1, { total: 1 }))).toEqual(codes)
    expect(codesOf(await module.remove(viewer, record.id, writes === 'yes' ? 2 : 1))).toEqual(codes)
  })

  test('makes, reads, changes and deletes one of its own', async () => {
    const own = await module.created(viewer, collection, { number: 'own' })
    expect((await module.find(viewer, own.id)).data?.record).toMatchObject({ id: own.id })
    expect(codesOf(await module.update(viewer, own.id, 1, { total: 1 }))).toEqual([])
    expect(codesOf(await module.remove(viewer, own.id, 2))).toEqual([])
  })
})

test('nobody at all is refused before anything is read', async () => {
  const { status, answer } = await module.post(undefined, '{ collections { totalCount } }')
  expect([status, codesOf(answer)]).toEqual([401, ['UNAUTHENTICATED']])
})

test('a member cannot tell the record of another from one that does not exist', async () => {
  const { id } = await module.created(other, 'own', { number: 'secret' })
  const missing = crypto.randomUUID()
  expect(await module.find(member, id)).toEqual(await module.find(member, missing))
  expect(await module.update(member, id, 1, {})).toEqual(await module.update(member, missing, 1, {}))
  expect(await module.update(member, id, 9, {})).toEqual(await module.update(member, missing, 9, {}))
  expect(await module.remove(member, id, 1)).toEqual(await module.remove(member, missing, 1))
  const byReference = (of: string) =>
    module.ask(
      member,
      'query ($of: [_Any!]!) { _entities(representations: $of) { ... on Record { data history { totalCount } } } }',
      { of: [{ __typename: 'Record', id: of }] },
    )
  expect(await byReference(id)).toEqual(await byReference(missing))
  const filtered = await module.listed(member, 'own', { filter: { number: 'secret' } })
  expect(filtered).toMatchObject({ totalCount: 0, edges: [] })
})

describe('a partner, who is nobody in person', () => {
  test('changes nothing', async () => {
    const { id } = await module.created(admin, 'write', { number: '1' })
    const changes = [
      module.define(partner, 'by-partner'),
      module.ask(partner, 'mutation { createRecord(collection: "write", data: { number: "1" }) { id } }'),
      module.update(partner, id, 1, {}),
      module.remove(partner, id, 1),
    ]
    for (const answer of await Promise.all(changes)) expect(codesOf(answer)).toEqual(['FORBIDDEN'])
  })

  test('reads what everybody reads', async () => {
    for (const collection of ['read', 'write']) {
      const { id } = await module.created(admin, collection, { number: 'for partners' })
      expect((await module.find(partner, id)).data?.record).toMatchObject({ id })
      const { edges } = await module.listed(partner, collection, { filter: { number: 'for partners' } })
      expect(edges.map(({ node }) => node.id)).toEqual([id])
    }
  })

  test('hears of changes of what everybody reads', async () => {
    const changes = module.subscribe(
      await module.gateway.token(partner, 'data'),
      'subscription { recordChanged(collection: "read") { record { id } } }',
    )
    let told: unknown
    const listening = changes.next().then(({ value }) => {
      told = value
    })
    // Nothing says when the subscription is live.
    await eventually('a change is told', async () => {
      await module.created(admin, 'read', { number: 'live' })
      return told !== undefined
    })
    await listening
    expect(told).toMatchObject({ data: { recordChanged: { record: { id: expect.any(String) } } } })
    await changes.return(undefined)
  })

  test('cannot tell a collection of own records, and its records, from what does not exist', async () => {
    const { id } = await module.created(admin, 'own', { number: 'secret' })
    const missing = crypto.randomUUID()
    const ask = (collection: string, record: string) =>
      module.ask(
        partner,
        `query ($collection: String!, $id: ID!, $of: [_Any!]!) {
          collection(name: $collection) { name } record(id: $id) { data }
          records(collection: $collection) { totalCount }
          _entities(representations: $of) { __typename }
        }`,
        {
          collection,
          id: record,
          of: [
            { __typename: 'Collection', name: collection },
            { __typename: 'Record', id: record },
          ],
        },
      )
    expect(await ask('own', id)).toEqual(await ask('none', missing))
    const { data } = await module.ask(partner, '{ collections { totalCount edges { node { name } } } }')
    expect(data?.collections).toEqual({
      totalCount: 2,
      edges: [{ node: { name: 'read' } }, { node: { name: 'write' } }],
    })
  })
})
