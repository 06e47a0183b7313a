import { matchesFilter } from '../../../../subgraphs/data/filter/matches-filter.ts'
import { parseFilter } from '../../../../subgraphs/data/filter/parse-filter.ts'

const record = {
  data: {
    status: 'open',
    total: 12,
    createdBy: 'data',
    items: [{ sku: 'a' }],
    address: { city: 'Ulm' },
    none: null,
  },
  createdBy: 'u1',
  createdAt: '2026-01-02T03:04:05.000Z',
  updatedAt: '2026-01-02T03:04:06.000Z',
}
const passes = (filter: unknown) => matchesFilter(parseFilter(filter), record)

describe('a filter', () => {
  test.each([
    [null],
    [{}],
    [{ status: 'open' }],
    [{ status: { eq: 'open', ne: 'closed', in: ['open', 'new'] }, total: { gt: 10, lte: 12 } }],
    [{ 'address.city': 'Ulm', 'items.0.sku': 'a' }],
    [{ 'data.address': { eq: { city: 'Ulm' } } }],
    [{ createdBy: 'u1', 'data.createdBy': 'data' }],
    [{ createdAt: { gte: '2026-01-02T04:04:05+01:00', lt: '2026-01-02T03:04:05.001Z' } }],
    [{ missing: null, none: null, status: { exists: true }, 'address.street': { exists: false } }],
    [{ missing: { ne: 'x' } }],
    [{ status: { contains: 'pe' } }],
    [{ or: [{ status: 'closed' }, { not: { total: { lt: 12 } } }], and: [{ status: 'open' }] }],
  ])('%j passes', (filter) => {
    expect(passes(filter)).toBe(true)
  })

  test.each([
    [{ status: 'closed' }],
    [{ total: '12' }],
    [{ total: { gt: '1' } }],
    [{ missing: { lt: 1 } }],
    [{ toString: { exists: true } }],
    [{ 'items.length': { exists: true } }],
    [{ 'status.length': { exists: true } }],
    [{ not: {} }],
  ])('%j does not', (filter) => {
    expect(passes(filter)).toBe(false)
  })

  test.each([
    ['a text', 'status = 1'],
    ['a list', []],
    ['an unknown operator', { status: { $where: '1' } }],
    ['a nested path as objects', { address: { city: 'Ulm' } }],
    ['no operator', { status: {} }],
    ['an empty list', { or: [] }],
    ['no list', { and: { status: 1 } }],
    ['an empty path', { '': 1 }],
    ['a path with an empty part', { 'a..b': 1 }],
    ['SQL in a path', { "a'; DROP TABLE record; --": 1 }],
    ['a path into a column', { 'createdBy.x': 1 }],
    ['a negative index', { 'items.-1': 1 }],
    ['a second spelling of an index', { 'items.01': 1 }],
    ['a comparison with an object', { a: { gt: {} } }],
    ['a comparison with null', { a: { gt: null } }],
    ['in without a list', { a: { in: 'x' } }],
    ['in with too much', { a: { in: new Array(1001).fill(1) } }],
    ['exists without a truth value', { a: { exists: 'yes' } }],
    ['a list to contain', { a: { contains: [1] } }],
    ['a time that is none', { createdAt: { gt: 'yesterday' } }],
    ['a NUL', { a: 'x\0' }],
    ['half a surrogate pair', { a: '\ud800' }],
    ['__proto__', JSON.parse('{"__proto__": {"eq": 1}}')],
    ['too many conditions', Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`p${i}`, 1]))],
    ['too much', { a: 'x'.repeat(70_000) }],
    ['too deep', Array.from({ length: 20 }).reduce((inner) => ({ not: inner }), {})],
  ])('%s is refused', (_what, filter) => {
    expect(() => parseFilter(filter)).toThrow(
      expect.objectContaining({ extensions: { code: 'BAD_USER_INPUT' } }),
    )
  })
})
