import { PrismaPg } from '@prisma/adapter-pg'
import { Prisma, PrismaClient } from '../../../../prisma/generated/data/client.ts'
import { filterToSql } from '../../../../subgraphs/data/filter/filter-to-sql.ts'
import { matchesFilter } from '../../../../subgraphs/data/filter/matches-filter.ts'
import { parseFilter } from '../../../../subgraphs/data/filter/parse-filter.ts'
import { type JsonObject, type JsonValue, toJsonValue } from '../../../../subgraphs/json-value.ts'
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts'

/** A small repeatable generator (mulberry32): a failing case is found again. */
function createRandom(seed: number) {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n: number) => Math.floor(next() * n)
  return { below, pick: <T>(values: readonly T[]): T => values[below(values.length)] as T }
}

const { below, pick } = createRandom(20261121)

const texts = [
  '',
  'a',
  'A',
  'b',
  'ab',
  'ä',
  'z',
  'é',
  'e\u0301',
  '\u{1f600}',
  '\uffee',
  'Zebra',
  'open',
  '10',
  '9',
  '%',
  '_',
  "'",
  '\\',
  '"',
  'a\n',
  '\u0001',
]
const numbers = [
  0,
  -0,
  1,
  -1,
  1.5,
  10,
  9,
  0.1 + 0.2,
  0.3,
  1e21,
  1e-7,
  2 ** 53,
  2 ** 53 + 2,
  5e-324,
  Number.MAX_VALUE,
]
const keys = ['a', 'b', 'c', '0', '1', 'é', 'createdBy']
const paths = [
  ...keys,
  'a.b',
  'a.0',
  'b.1',
  'b.0.a',
  'a.b.c',
  'data',
  'data.createdBy',
  'data.a.b',
  'c.10',
  'createdBy',
  'createdAt',
  'updatedAt',
]
const times = ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.001Z', '2026-06-01T12:30:00.500Z']

function scalar(): JsonValue {
  return pick<() => JsonValue>([
    () => null,
    () => true,
    () => false,
    () => pick(numbers),
    () => pick(texts),
  ])()
}

function value(depth: number): JsonValue {
  if (depth === 0 || below(3) > 0) return scalar()
  const members = Array.from({ length: below(4) }, () => value(depth - 1))
  return below(2) === 0 ? members : Object.fromEntries(members.map((member) => [pick(keys), member]))
}

function object(depth: number): JsonObject {
  return Object.fromEntries(Array.from({ length: below(6) }, () => [pick(keys), value(depth)]))
}

function condition(): JsonValue {
  const path = pick(paths)
  if (path === 'createdAt' || path === 'updatedAt') {
    return { [path]: { [pick(['eq', 'ne', 'gt', 'gte', 'lt', 'lte'])]: pick(times) } }
  }
  if (path === 'createdBy' && below(2) === 0) {
    return { createdBy: pick<JsonValue>([{ in: ['a', 'open'] }, { eq: 'a' }, { ne: 'ab' }, null]) }
  }
  const comparable = () => pick<JsonValue>([pick(numbers), pick(texts)])
  const operators: Record<string, () => JsonValue> = {
    eq: () => value(2),
    ne: () => value(2),
    in: () => Array.from({ length: 1 + below(3) }, () => value(1)),
    gt: comparable,
    gte: comparable,
    lt: comparable,
    lte: comparable,
    exists: () => pick([true, false]),
    contains: () => pick<JsonValue>([true, pick(numbers), pick(texts)]),
  }
  const operator = pick(Object.keys(operators))
  return { [path]: { [operator]: operators[operator]?.() ?? null } }
}

function filter(depth: number): JsonValue {
  const choice = depth === 0 ? 0 : below(5)
  if (choice === 1) return { and: [filter(depth - 1), filter(depth - 1)] }
  if (choice === 2) return { or: [filter(depth - 1), filter(depth - 1)] }
  if (choice === 3) return { not: filter(depth - 1) }
  return condition()
}

describe('one filter in SQL and in process', () => {
  let database: TestDatabase
  let db: PrismaClient
  beforeAll(async () => {
    database = await createTestDatabase('data')
    db = new PrismaClient({ adapter: new PrismaPg({ connectionString: database.url }) })
  })
  afterAll(async () => {
    await db.$disconnect()
    await database.drop()
  })

  test('agree on 2000 generated filters over 150 generated records', async () => {
    const records = Array.from({ length: 150 }, (_unused, index) => ({
      id: String(index),
      client: 'acme',
      collection: 'things',
      data: toJsonValue(object(3), { what: 'data', maxBytes: 10_000 }) as JsonObject,
      version: 1,
      createdBy: pick([null, 'a', 'ab', 'open']),
      createdAt: new Date(pick(times)),
      updatedAt: new Date(pick(times)),
    }))
    await db.record.createMany({ data: records })

    const disagreements: unknown[] = []
    let matched = 0
    for (let round = 0; round < 40; round++) {
      const filters = Array.from({ length: 50 }, () => filter(3))
      const parsed = filters.map(parseFilter)
      const columns = parsed.map(filterToSql)
      const rows = await db.$queryRaw<{ id: string; passes: boolean[] }[]>`
        SELECT "id", ARRAY[${Prisma.join(columns)}] AS "passes" FROM "record"`
      for (const { id, passes } of rows) {
        const record = records[Number(id)]
        if (!record) throw new Error(`No record ${id}`)
        const { createdAt, updatedAt, ...rest } = record
        const plain = { ...rest, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() }
        parsed.forEach((one, index) => {
          const inProcess = matchesFilter(one, plain)
          if (inProcess) matched++
          if (inProcess !== passes[index])
            disagreements.push({ input: filters[index], data: plain, inProcess })
        })
      }
    }
    expect(disagreements.slice(0, 3)).toEqual([])
    // Neither all nor nothing passed, or the agreement would mean little.
    expect(matched / 300_000).toBeGreaterThan(0.1)
    expect(matched / 300_000).toBeLessThan(0.9)
  })
})
