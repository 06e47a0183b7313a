import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { LambdaError, type PluginUnderTest, type TestWorld, testPlugin } from '@trellis/sdk/testing'

const order = (userId: string | null, total?: number) => ({
  node: { data: { total }, createdBy: userId === null ? null : { id: userId } },
})
type Page = ReturnType<typeof order>[]

const pageOf = (pages: Page[], page: number) => ({
  edges: pages[page],
  pageInfo: { hasNextPage: page + 1 < pages.length, endCursor: String(page + 1) },
})

const answerPages = (pages: Page[]) => (variables: { after?: string }) => ({
  records: pageOf(pages, Number(variables.after ?? 0)),
})

/** The graph has these pages of orders. */
const graphWith = (pages: Page[]): TestWorld['graph'] => ({
  OrdersOf: answerPages(pages),
  ThankCustomer: { notify: { id: 'n1' } },
})

let pages: Page[] = []
let plugin: PluginUnderTest
beforeEach(async () => {
  pages = []
  plugin = await testPlugin(new URL('.', import.meta.url), {
    graph: graphWith(pages),
    now: '2026-11-21T10:00:00Z',
  })
})

describe('loyalty', () => {
  test('what somebody has ordered, over all pages, decides the tier; one walk for all who are asked about', async () => {
    pages.push(
      [order('a', 999), order('b', 600), order('c', 9_000)],
      [order('b', 400), order('c', 1_000), order(null, 50_000), order('d')],
    )
    const users = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id }))
    assert.deepEqual(await plugin.resolveAll('User.loyaltyTier', users), [
      'BRONZE',
      'SILVER',
      'GOLD',
      'BRONZE',
      'BRONZE',
    ])
    const filter = { createdBy: { in: ['a', 'b', 'c', 'd', 'e'] } }
    assert.deepEqual(
      plugin.asked.map(({ variables }) => variables.filter),
      [filter, filter],
    )
  })

  test('the best customers come first', async () => {
    pages.push([order('a', 5), order('b', 20), order('c', 10)])
    assert.deepEqual(await plugin.resolve('Query.bestCustomers', { first: 2 }), [{ id: 'b' }, { id: 'c' }])
  })
})

describe('orders', () => {
  const create = (data: object, collection = 'orders') => ({ collection, data })
  const rule = 'Mutation.createRecord'

  test('one above 10,000 is for administrators', async () => {
    const { reject } = await plugin.rule(rule, create({ total: 10_000.01, status: 'open' }))
    assert.equal(reject?.code, 'ORDER_TOO_LARGE')
    const exactly = await plugin.rule(rule, create({ total: 10_000, status: 'open' }))
    assert.equal(exactly.reject, undefined)
    for (const viewer of [
      { kind: 'USER', roles: ['MEMBER', 'ADMIN'] },
      { kind: 'SERVER', keyId: 'k1' },
    ] as const) {
      const answer = await plugin.rule(rule, create({ total: 20_000, status: 'open' }), viewer)
      assert.equal(answer.args?.data.total, 20_000)
    }
  })

  test('what is entered is brought into one form', async () => {
    const { args } = await plugin.rule(rule, create({ customer: '  Road   Runner\n Ltd. ', total: 12.005 }))
    assert.deepEqual(args, create({ customer: 'Road Runner Ltd.', total: 12.01, status: 'open' }))
  })

  test('what is no order, or not of the right type, is left to those who know it', async () => {
    for (const args of [
      create({ total: 1e9 }, 'invoices'),
      { collection: 'orders', data: null },
      { collection: 'orders', data: [1] },
    ])
      assert.deepEqual((await plugin.rule(rule, args)).args, args)
    const { args } = await plugin.rule(rule, create({ customer: 7, total: 'much', status: 3 }))
    assert.deepEqual(args?.data, { customer: 7, total: 'much', status: 3 })
  })
})

describe('a new order', () => {
  const created = (
    total: number,
    id = 'e1',
    { collection = 'orders', createdBy = 'mia' as string | null } = {},
  ) => ({
    subject: 'r1',
    id,
    data: { collection, createdBy, data: { customer: 'Road Runner Ltd.', total, status: 'open' } },
  })

  test('is thanked for where it is large, in the name of the plugin, once', async () => {
    await plugin.on('data.record.created', created(1_250))
    const [note, ...more] = plugin.asked
    assert.deepEqual([note?.as, more.length], ['plugin', 0])
    const { userId, title, idempotencyKey } = note?.variables.input ?? {}
    assert.deepEqual([userId, title, idempotencyKey], ['mia', 'Thank you for your order', 'e1'])
  })

  test('is not thanked for where it is small, nobody made it, or it is no order', async () => {
    await plugin.on('data.record.created', created(999))
    await plugin.on('data.record.created', created(5_000, 'e2', { createdBy: null }))
    await plugin.on('data.record.created', created(5_000, 'e3', { collection: 'invoices' }))
    assert.deepEqual(plugin.asked, [])
  })

  test('counts once on its day, however often it is told', async () => {
    const editor = await testPlugin(new URL('.', import.meta.url), {
      viewer: { kind: 'USER', roles: ['EDITOR'] },
      now: '2026-11-20T23:59:59Z',
    })
    await editor.on('data.record.created', created(10))
    await editor.on('data.record.created', created(10))
    editor.setTime('2026-11-21T00:00:01Z')
    await editor.on('data.record.created', created(5, 'e2'))
    await editor.on('data.record.created', created(7, 'e3'))
    assert.deepEqual(await editor.resolve('Query.orderDays'), [
      { day: '2026-11-21', orders: 2, total: 12 },
      { day: '2026-11-20', orders: 1, total: 10 },
    ])
    editor.setTime('2026-12-21T00:00:00Z')
    assert.equal((await editor.resolve<unknown[]>('Query.orderDays')).length, 1)
  })

  test('shows its day to editors and to partners, and to no member', async () => {
    await assert.rejects(plugin.resolve('Query.orderDays'), LambdaError)
    const partner = await testPlugin(new URL('.', import.meta.url), {
      viewer: { kind: 'PARTNER', keyId: 'k1' },
      now: '2026-11-21T10:00:00Z',
    })
    await partner.on('data.record.created', created(10))
    const [day] = await partner.resolve<{ orders: number }[]>('Query.orderDays')
    assert.equal(day?.orders, 1)
  })
})
