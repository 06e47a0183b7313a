import { codesOf, viewersOf } from '../../support/module-under-test.ts'
import { type DataModule, type ListArguments, type Listed, startDataModule } from './data-module.ts'

const { user, member, editor, admin } = viewersOf('acme')

const values = [
  3,
  1,
  2,
  1,
  null,
  'b',
  'a',
  'ä',
  true,
  false,
  { an: 'object' },
  [1],
  'x'.repeat(1000),
  undefined,
]

let module: DataModule
beforeAll(async () => {
  module = await startDataModule()
  await module.define(admin, 'orders')
  for (const [index, value] of values.entries()) {
    await module.created(member, 'orders', { number: String(index), value, group: index % 2 })
  }
})
afterAll(() => module.close())

/** The numbers of all records, read page by page; every page is checked against its neighbours. */
async function readAll(rest: ListArguments, first: number): Promise<string[]> {
  const numbers: string[] = []
  let after: string | null = null
  for (;;) {
    const page: Listed = await module.listed(member, 'orders', { ...rest, first, after })
    numbers.push(...page.edges.map(({ node }) => String(node.data.number)))
    expect(page.pageInfo.hasPreviousPage).toBe(after !== null)
    expect(page.pageInfo.endCursor).toBe(page.edges.at(-1)?.cursor ?? null)
    if (!page.pageInfo.hasNextPage) return numbers
    after = page.pageInfo.endCursor
  }
}

test('the oldest comes first', async () => {
  expect(await readAll({}, 4)).toEqual(values.map((_value, index) => String(index)))
})

test.each([
  [[{ path: 'value', direction: 'ASC' }]],
  [[{ path: 'value', direction: 'DESC' }]],
  [
    [
      { path: 'group', direction: 'DESC' },
      { path: 'value', direction: 'ASC' },
    ],
  ],
  [
    [
      { path: 'createdBy', direction: 'ASC' },
      { path: 'updatedAt', direction: 'DESC' },
    ],
  ],
  [[{ path: 'nothing.at.all', direction: 'DESC' }]],
])('in the order %j no page misses or repeats a record', async (orderBy) => {
  const whole = await readAll({ orderBy }, 100)
  expect(new Set(whole).size).toBe(values.length)
  for (const first of [1, 3, 5]) expect(await readAll({ orderBy }, first)).toEqual(whole)
})

test('missing values come before texts, texts before numbers, numbers before truth values', async () => {
  const order = (await readAll({ orderBy: [{ path: 'value', direction: 'ASC' }] }, 100)).map(Number)
  const kinds = order.map((index) => {
    const value = values[index] ?? null
    return value === null || typeof value === 'object'
      ? 0
      : ['string', 'number', 'boolean'].indexOf(typeof value) + 1
  })
  expect(kinds).toEqual([...kinds].sort())
  const numbers = order.map((index) => values[index]).filter((value) => typeof value === 'number')
  expect(numbers).toEqual([1, 1, 2, 3])
})

test('a page goes on where it was, also when its last record has gone', async () => {
  await module.define(admin, 'moving')
  const ids: string[] = []
  for (const number of ['1', '2', '3', '4']) ids.push((await module.created(member, 'moving', { number })).id)
  const page = await module.listed(member, 'moving', { first: 2 })
  await module.remove(member, ids[1] ?? '', 1)
  const rest = await module.listed(member, 'moving', { first: 2, after: page.pageInfo.endCursor })
  expect(rest.edges.map(({ node }) => node.data.number)).toEqual(['3', '4'])
})

test('a filter narrows the list and its count', async () => {
  const page = await module.listed(member, 'orders', {
    filter: { value: { gte: 2 }, createdBy: 'a-member' },
    first: 1,
  })
  expect(page.totalCount).toBe(2)
  expect((await module.listed(editor, 'orders', { filter: { createdBy: 'nobody' } })).totalCount).toBe(0)
})

test.each([0, -1, 101, 2_000_000])('first: %i is refused', async (first) => {
  expect(codesOf(await module.list(member, 'orders', { first }))).toEqual(['BAD_USER_INPUT'])
})

test('an unknown collection is not found', async () => {
  expect(codesOf(await module.list(member, 'nothing'))).toEqual(['NOT_FOUND'])
})

test.each<[string, ListArguments]>([
  ['SQL in a filter path', { filter: { "x') OR TRUE --": 1 } }],
  ['SQL in an order', { orderBy: [{ path: 'x; DROP TABLE record', direction: 'ASC' }] }],
  ['an unknown operator', { filter: { x: { $regex: '.*' } } }],
  ['too many orders', { orderBy: new Array(4).fill({ path: 'value', direction: 'ASC' }) }],
])('%s is refused', async (_what, rest) => {
  expect(codesOf(await module.list(member, 'orders', rest))).toEqual(['BAD_USER_INPUT'])
})

test.each(["'; DROP TABLE record; --", "' OR '1'='1", '$1', '%', '\\', '{{7*7}}'])(
  'the text %j is compared, and nothing else',
  async (text) => {
    const page = await module.listed(member, 'orders', {
      filter: {
        or: [
          { number: text },
          { number: { contains: text } },
          { number: { in: [text] } },
          { createdBy: text },
        ],
      },
    })
    expect(page.totalCount).toBe(0)
  },
)

describe('a cursor', () => {
  const cursorOf = async (rest: ListArguments = {}) =>
    (await module.listed(member, 'orders', { first: 1, ...rest })).pageInfo.endCursor

  test.each<[string, ListArguments]>([
    ['another filter', { filter: { group: 1 } }],
    ['another order', { orderBy: [{ path: 'value', direction: 'ASC' }] }],
  ])('is refused with %s', async (_what, rest) => {
    const after = await cursorOf()
    expect(codesOf(await module.list(member, 'orders', { ...rest, after }))).toEqual(['CURSOR_INVALID'])
  })

  test('is refused for another viewer who sees something else', async () => {
    const after = await cursorOf()
    for (const viewer of [user('another-member', 'MEMBER'), editor]) {
      expect(codesOf(await module.list(viewer, 'orders', { after }))).toEqual(['CURSOR_INVALID'])
    }
  })

  test('is refused for another collection', async () => {
    await module.define(admin, 'others')
    expect(codesOf(await module.list(member, 'others', { after: await cursorOf() }))).toEqual([
      'CURSOR_INVALID',
    ])
  })

  test('is refused when forged', async () => {
    const cursor = (await cursorOf()) ?? ''
    const bytes = Buffer.from(cursor, 'base64url')
    const forged = [
      '',
      'x',
      `${cursor}A`,
      `${cursor} `,
      bytes.subarray(0, -3).toString('base64url'),
      Buffer.from(bytes.map((byte, index) => (index === bytes.length - 3 ? byte ^ 1 : byte))).toString(
        'base64url',
      ),
    ]
    for (const after of forged) {
      expect(codesOf(await module.list(member, 'orders', { after }))).toEqual(['CURSOR_INVALID'])
    }
  })
})
