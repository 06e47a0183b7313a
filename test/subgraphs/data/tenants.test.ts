import { codesOf, viewersOf } from '../../support/module-under-test.ts'
import { type DataModule, expectData, startDataModule, type WireRecord } from './data-module.ts'

/** What another client can learn of acme's records: nothing. */
const acme = viewersOf('acme')
const globex = viewersOf('globex')
const strangers = [
  ['its administrator', globex.admin],
  ['its server', globex.server],
  ['its user of the same id', globex.member],
] as const

let module: DataModule
let secret: WireRecord
beforeAll(async () => {
  module = await startDataModule()
  await module.define(acme.admin, 'orders', 'WRITE')
  secret = await module.created(acme.member, 'orders', { number: 'secret' })
})
afterAll(() => module.close())

describe.each(strangers)('another client: %s', (_who, viewer) => {
  const missing = crypto.randomUUID()

  test('guesses an id in vain', async () => {
    expect(await module.find(viewer, secret.id)).toEqual({ data: { record: null } })
    expect(await module.update(viewer, secret.id, 1, {})).toEqual(await module.update(viewer, missing, 1, {}))
    expect(await module.remove(viewer, secret.id, 1)).toEqual(await module.remove(viewer, missing, 1))
    expect((await module.find(acme.admin, secret.id)).data?.record).toMatchObject({ version: 1 })
  })

  test('reaches nothing by reference, history and past included', async () => {
    const answer = await module.ask(
      viewer,
      `query ($of: [_Any!]!) { _entities(representations: $of) {
        ... on Record { id history { totalCount } asOf(at: "2100-01-01T00:00:00Z") { data } }
        ... on Collection { name schema records { totalCount } } } }`,
      {
        of: [
          { __typename: 'Record', id: secret.id },
          { __typename: 'Collection', name: 'orders' },
        ],
      },
    )
    expect(answer).toEqual({ data: { _entities: [null, null] } })
  })

  test('finds no collection, and no name taken', async () => {
    const { data } = await module.ask(
      viewer,
      '{ collection(name: "orders") { name } collections { totalCount edges { node { name } } } }',
    )
    expect(data).toEqual({ collection: null, collections: { totalCount: 0, edges: [] } })
    expect(codesOf(await module.list(viewer, 'orders'))).toEqual(['NOT_FOUND'])
    expect(codesOf(await module.create(viewer, 'orders', { number: '1' }))).toEqual(['NOT_FOUND'])
  })

  test('cannot listen', async () => {
    const token = await module.gateway.token(viewer, 'data')
    const { value } = await module
      .subscribe(token, 'subscription { recordChanged(collection: "orders") { cursor } }')
      .next()
    expect(codesOf(value)).toEqual(['NOT_FOUND'])
  })
})

describe('with a collection of the same name', () => {
  const { admin } = viewersOf('initech')
  beforeAll(async () => {
    await module.define(admin, 'orders', 'WRITE', { required: ['title'] })
  })

  test('each has its own definition and its own records', async () => {
    expect(codesOf(await module.create(admin, 'orders', { number: '1' }))).toEqual(['VALIDATION_FAILED'])
    expect(codesOf(await module.create(acme.member, 'orders', { title: '1' }))).toEqual(['VALIDATION_FAILED'])
    await module.created(admin, 'orders', { title: 'of initech' })
    expect(await module.listed(admin, 'orders')).toMatchObject({
      totalCount: 1,
      edges: [{ node: { data: { title: 'of initech' } } }],
    })
  })

  test('the cursors of another client are refused, of lists, histories and streams', async () => {
    const { edges } = await module.listed(acme.admin, 'orders')
    const after = edges[0]?.cursor ?? ''
    expect(codesOf(await module.list(admin, 'orders', { after }))).toEqual(['CURSOR_INVALID'])
    const own = await module.created(admin, 'orders', { title: 'own' })
    const answer = await module.ask(
      admin,
      'query ($id: ID!, $after: String) { record(id: $id) { history(after: $after) { totalCount } } }',
      { id: own.id, after },
    )
    expect(codesOf(answer)).toEqual(['CURSOR_INVALID'])
    const stream = module.subscribe(
      await module.gateway.token(admin, 'data'),
      'subscription ($after: String) { recordChanged(collection: "orders", after: $after) { cursor } }',
      { after },
    )
    expect(codesOf((await stream.next()).value)).toEqual(['CURSOR_INVALID'])
  })

  test('an idempotency key of one client says nothing to another', async () => {
    const server = viewersOf('initech').server
    const data = { number: '1', title: '1' }
    const ids = await Promise.all(
      [acme.server, server].map(async (viewer) => {
        const answer = await module.create(viewer, 'orders', data, 'shared key')
        return expectData<{ createRecord: WireRecord }>(answer).createRecord.id
      }),
    )
    expect(new Set(ids).size).toBe(2)
  })
})
