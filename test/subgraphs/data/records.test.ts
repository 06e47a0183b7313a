import { Client } from 'pg'
import { codesOf, viewersOf } from '../../support/module-under-test.ts'
import { type DataModule, expectData, startDataModule, type WireRecord } from './data-module.ts'

const { member, editor, admin, server } = viewersOf('acme')

let module: DataModule
beforeAll(async () => {
  module = await startDataModule()
  await module.define(admin, 'orders')
})
afterAll(() => module.close())

describe('createRecord', () => {
  test('answers the record', async () => {
    const { data } = await module.create(member, 'orders', {
      number: 'A-1',
      total: 12.5,
      nested: { deep: [1, null] },
    })
    expect(data?.createRecord).toMatchObject({
      version: 1,
      data: { number: 'A-1', total: 12.5, nested: { deep: [1, null] } },
      createdBy: { id: 'a-member' },
      collection: { name: 'orders' },
    })
  })

  test('a key is no person', async () => {
    const { data } = await module.create(server, 'orders', { number: 'A-2' })
    expect(data?.createRecord).toMatchObject({ createdBy: null })
  })

  test('lists one violation per broken rule', async () => {
    const { errors = [] } = await module.create(member, 'orders', { total: -1 })
    expect(errors).toHaveLength(1)
    expect(errors[0]?.extensions).toEqual({
      code: 'VALIDATION_FAILED',
      violations: [
        { path: '/number', rule: 'required', message: expect.any(String) },
        { path: '/total', rule: 'minimum', message: 'must be >= 0' },
      ],
    })
  })

  test.each([
    ['a list', []],
    ['a text', 'x'],
    ['a NUL', { number: 'a\0b' }],
    ['half a surrogate pair', { number: '\ud83d' }],
    ['a NUL in a name', { number: '1', 'a\0': 1 }],
    ['too deep a value', { number: '1', deep: Array.from({ length: 40 }).reduce((inner) => [inner], 1) }],
    ['too large a value', { number: 'x'.repeat(300_000) }],
  ])('refuses %s', async (_what, data) => {
    expect(codesOf(await module.create(member, 'orders', data))).toEqual(['BAD_USER_INPUT'])
  })

  test('refuses __proto__', async () => {
    const query = 'mutation ($data: JSON!) { createRecord(collection: "orders", data: $data) { id } }'
    const answer = await module.ask(member, query, {
      data: JSON.parse('{"number": "1", "__proto__": {"admin": true}}'),
    })
    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT'])
  })

  test.each(['nothing', '', "orders'; --", 'x'.repeat(100), 'a\0b'])(
    'finds no collection %j',
    async (name) => {
      expect(codesOf(await module.create(member, name, { number: '1' }))).toEqual(['NOT_FOUND'])
      expect(
        (await module.ask(member, 'query ($name: String!) { collection(name: $name) { name } }', { name }))
          .data,
      ).toEqual({
        collection: null,
      })
    },
  )

  test('the same idempotency key answers the same record, also after it has changed or gone', async () => {
    const first = await module.create(member, 'orders', { number: 'B-1' }, 'key-1')
    const { id } = expectData<{ createRecord: WireRecord }>(first).createRecord
    expect(await module.create(member, 'orders', { number: 'B-1' }, 'key-1')).toEqual(first)
    await module.update(member, id, 1, { total: 5 })
    await module.remove(member, id, 2)
    expect(await module.create(member, 'orders', { number: 'B-1' }, 'key-1')).toEqual(first)
    expect(codesOf(await module.create(member, 'orders', { number: 'B-2' }, 'key-1'))).toEqual([
      'IDEMPOTENCY_CONFLICT',
    ])
    const ofAnother = await module.create(editor, 'orders', { number: 'B-1' }, 'key-1')
    expect(expectData<{ createRecord: WireRecord }>(ofAnother).createRecord.id).not.toBe(id)
  })

  test.each(['', 'x'.repeat(201), 'a\0b'])('refuses the idempotency key %j', async (key) => {
    expect(codesOf(await module.create(member, 'orders', { number: '1' }, key))).toEqual(['BAD_USER_INPUT'])
  })

  test('two at once with one key make one record', async () => {
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => module.create(member, 'orders', { number: 'B-3' }, 'key-3')),
    )
    const ids = answers.map((answer) => expectData<{ createRecord: WireRecord }>(answer).createRecord.id)
    expect(new Set(ids).size).toBe(1)
    expect((await module.listed(member, 'orders', { filter: { number: 'B-3' } })).totalCount).toBe(1)
  })
})

describe('updateRecord', () => {
  test('merges, counts and keeps who made it', async () => {
    const { id } = await module.created(member, 'orders', { number: 'C-1', a: { b: 1, c: 2 }, list: [1, 2] })
    const answer = await module.update(editor, id, 1, { a: { b: null, d: 3 }, list: [3] })
    const { updateRecord } = expectData<{ updateRecord: WireRecord }>(answer)
    expect(updateRecord).toMatchObject({ version: 2, createdBy: { id: 'a-member' } })
    expect(updateRecord.data).toEqual({ number: 'C-1', a: { c: 2, d: 3 }, list: [3] })
    expect((await module.find(member, id)).data?.record).toEqual(updateRecord)
  })

  test('the result is validated, and nothing of a refused one remains', async () => {
    const { id } = await module.created(member, 'orders', { number: 'C-2' })
    expect(codesOf(await module.update(member, id, 1, { number: null }))).toEqual(['VALIDATION_FAILED'])
    expect((await module.find(member, id)).data?.record).toMatchObject({
      version: 1,
      data: { number: 'C-2' },
    })
  })

  test('a wrong version answers CONFLICT with the current one', async () => {
    const { id } = await module.created(member, 'orders', { number: 'C-3' })
    await module.update(member, id, 1, { total: 1 })
    for (const answer of [
      await module.update(member, id, 1, { total: 2 }),
      await module.remove(member, id, 1),
    ]) {
      expect(answer.errors?.[0]?.extensions).toEqual({
        code: 'CONFLICT',
        current: { version: 2, data: { number: 'C-3', total: 1 } },
      })
    }
  })

  test('of many at once one wins, and the others are told', async () => {
    const { id } = await module.created(member, 'orders', { number: 'C-4' })
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_unused, total) => module.update(member, id, 1, { total })),
    )
    const codes = answers.flatMap(codesOf)
    expect(codes).toEqual(new Array(11).fill('CONFLICT'))
    const winner = answers.find((answer) => !answer.errors)?.data?.updateRecord
    expect((await module.find(member, id)).data?.record).toEqual(winner)
  })

  test.each(['', 'nothing', "' OR TRUE --", 'a\0b', crypto.randomUUID()])(
    'finds no record %j',
    async (id) => {
      expect(codesOf(await module.update(admin, id, 1, {}))).toEqual(['NOT_FOUND'])
      expect(codesOf(await module.remove(admin, id, 1))).toEqual(['NOT_FOUND'])
      expect(await module.find(admin, id)).toEqual({ data: { record: null } })
    },
  )
})

describe('history', () => {
  const history = `query ($id: ID!, $first: Int, $after: String) { record(id: $id) {
    history(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor }
      edges { node { id type version data actor { id } at } } } } }`
  type Page = {
    record: {
      history: {
        totalCount: number
        pageInfo: { hasNextPage: boolean; endCursor: string }
        edges: {
          node: { id: string; type: string; version: number; data: unknown; at: string; actor: unknown }
        }[]
      }
    }
  }

  test('tells everything in order, page by page', async () => {
    const { id } = await module.created(member, 'orders', { number: 'D-1' })
    await module.update(editor, id, 1, { total: 1 })
    await module.update(server, id, 2, { total: 2 })
    const first = expectData<Page>(await module.ask(member, history, { id, first: 2 })).record.history
    expect(first).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: true } })
    expect(first.edges.map(({ node }) => node)).toMatchObject([
      { type: 'CREATED', version: 1, data: { number: 'D-1' }, actor: { id: 'a-member' } },
      { type: 'UPDATED', version: 2, data: { number: 'D-1', total: 1 }, actor: { id: 'an-editor' } },
    ])
    const after = first.pageInfo.endCursor
    const second = expectData<Page>(await module.ask(member, history, { id, first: 2, after })).record.history
    expect(second.edges.map(({ node }) => node)).toMatchObject([
      { version: 3, data: { total: 2 }, actor: null },
    ])
    expect(second.pageInfo.hasNextPage).toBe(false)
  })

  test('a cursor of another record is refused', async () => {
    const [one, other] = await Promise.all([
      module.created(member, 'orders', { number: 'D-2' }),
      module.created(member, 'orders', { number: 'D-3' }),
    ])
    const { history: page } = expectData<Page>(
      await module.ask(member, history, { id: one.id, first: 1 }),
    ).record
    const answer = await module.ask(member, history, {
      id: other.id,
      first: 1,
      after: page.pageInfo.endCursor,
    })
    expect(codesOf(answer)).toEqual(['CURSOR_INVALID'])
  })

  test('asOf gives the record as it was', async () => {
    const { id } = await module.created(member, 'orders', { number: 'D-4' })
    await module.update(member, id, 1, { total: 1 })
    await module.update(member, id, 2, { total: null })
    const { record } = expectData<Page>(await module.ask(member, history, { id, first: 10 }))
    const times = record.history.edges.map(({ node }) => node.at)
    const asOf = async (at: string | undefined) => {
      const query =
        'query ($id: ID!, $at: DateTime!) { record(id: $id) { asOf(at: $at) { version data updatedAt id createdBy { id } } } }'
      return expectData<{ record: { asOf: unknown } }>(await module.ask(member, query, { id, at })).record
        .asOf
    }
    expect(await asOf('2001-01-01T00:00:00Z')).toBeNull()
    expect(await asOf('0000-01-01T00:00:00Z')).toBeNull()
    expect(await asOf('9999-01-01T00:00:00Z')).toMatchObject({ id, version: 3, data: { number: 'D-4' } })
    // Changes within one millisecond are one moment: the last of them is what was there then.
    for (const [index, at] of times.entries()) {
      const version = times.lastIndexOf(at ?? '') + 1
      expect(version).toBeGreaterThan(index)
      expect(await asOf(at)).toMatchObject({ version, updatedAt: at, createdBy: { id: 'a-member' } })
    }
  })

  test('a deleted record is gone', async () => {
    const { id } = await module.created(member, 'orders', { number: 'D-5' })
    expect((await module.remove(member, id, 1)).data).toEqual({ deleteRecord: true })
    expect(await module.find(admin, id)).toEqual({ data: { record: null } })
    expect(codesOf(await module.remove(member, id, 1))).toEqual(['NOT_FOUND'])
    expect((await module.listed(admin, 'orders', { filter: { number: 'D-5' } })).totalCount).toBe(0)
  })

  test('the projection is what its history says, and so is the log', async () => {
    const database = new Client({ connectionString: module.databaseUrl })
    await database.connect()
    try {
      const rebuilt = `
        SELECT last.record_id AS id, last.client, last.collection, last.data, last.version,
          CASE WHEN first.actor LIKE 'user:%' THEN substr(first.actor, 6) END AS created_by, first.at AS created_at, last.at AS updated_at
        FROM (SELECT DISTINCT ON (record_id) * FROM record_event ORDER BY record_id, version DESC) last
        JOIN record_event first ON first.record_id = last.record_id AND first.version = 1
        WHERE last.type <> 'DELETED'`
      const { rows: missing } = await database.query(`${rebuilt} EXCEPT SELECT * FROM record`)
      const { rows: surplus } = await database.query(`SELECT * FROM record EXCEPT (${rebuilt})`)
      expect([missing, surplus]).toEqual([[], []])
      const { rows } = await database.query(`
        SELECT count(*)::int AS events, count(l.id)::int AS logged, (SELECT count(*)::int FROM event_log WHERE type LIKE 'data.record.%') AS all_logged
        FROM record_event e LEFT JOIN event_log l ON l.subject = e.record_id AND (l.data->>'version')::int = e.version
          AND l.type = 'data.record.' || lower(e.type::text) AND l.data->'data' = e.data AND l.actor = e.actor`)
      expect(rows[0].events).toBeGreaterThan(20)
      expect(rows[0]).toEqual({ events: rows[0].events, logged: rows[0].events, all_logged: rows[0].events })
    } finally {
      await database.end()
    }
  })
})

describe('title', () => {
  test.each([
    [{ title: 'Tea', name: 'x' }, 'Tea'],
    [{ title: 7, name: 'Pot' }, 'Pot'],
    [{ number: 'D-4' }, null],
  ])('of %j is %j', async (data, title) => {
    await module.define(admin, 'titled', 'OWN', {})
    const { id } = await module.created(member, 'titled', data)
    const answer = await module.ask(member, 'query ($id: ID!) { record(id: $id) { title } }', { id })
    expect(expectData<{ record: object }>(answer).record).toEqual({ title })
  })
})

describe('collections', () => {
  test('redefining changes schema and access, from the next write on', async () => {
    await module.define(admin, 'tasks', 'OWN', { required: ['title'] })
    const { id } = await module.created(member, 'tasks', { title: 'x' })
    const { data } = await module.define(admin, 'tasks', 'READ', { required: ['title', 'due'] })
    expect(data?.defineCollection).toMatchObject({ access: 'READ', schema: { required: ['title', 'due'] } })
    expect(codesOf(await module.create(member, 'tasks', { title: 'y' }))).toEqual(['VALIDATION_FAILED'])
    expect(codesOf(await module.update(member, id, 1, { title: 'z' }))).toEqual(['VALIDATION_FAILED'])
    expect(codesOf(await module.update(member, id, 1, { due: 'now' }))).toEqual([])
  })

  test('are listed by name', async () => {
    for (const name of ['zebra', 'Ape', 'bee']) await module.define(admin, name)
    const query = `query ($after: String) { collections(first: 2, after: $after) {
      totalCount pageInfo { hasNextPage endCursor } edges { node { name } } } }`
    type Page = {
      collections: {
        totalCount: number
        pageInfo: { hasNextPage: boolean; endCursor: string }
        edges: { node: { name: string } }[]
      }
    }
    const names: string[] = []
    let after: string | null = null
    for (;;) {
      const { collections }: Page = expectData<Page>(await module.ask(member, query, { after }))
      names.push(...collections.edges.map(({ node }) => node.name))
      if (!collections.pageInfo.hasNextPage) {
        expect(collections.totalCount).toBe(names.length)
        break
      }
      after = collections.pageInfo.endCursor
    }
    expect(names).toEqual(['Ape', 'bee', 'orders', 'tasks', 'titled', 'zebra'])
  })

  test.each([
    ['a name that is none', '1', {}],
    ['SQL as a name', "x'; DROP TABLE record; --", {}],
    ['a name too long', 'x'.repeat(65), {}],
    ['a schema that is none', 'bad', { type: 'nope' }],
    ['a remote reference', 'bad', { $ref: 'http://127.0.0.1:1/x' }],
    ['too large a schema', 'bad', { description: 'x'.repeat(70_000) }],
    ['too deep a schema', 'bad', Array.from({ length: 40 }).reduce((inner) => ({ not: inner }), {})],
  ])('%s is refused', async (_what, name, schema) => {
    expect(codesOf(await module.define(admin, name, 'OWN', schema))).toEqual(['BAD_USER_INPUT'])
  })

  test('a hostile pattern costs its own caller, and nobody else', async () => {
    await module.define(admin, 'hostile', 'OWN', { properties: { a: { pattern: '^(x+x+)+y$' } } })
    expect(codesOf(await module.create(member, 'hostile', { a: 'x'.repeat(200) }))).toEqual([
      'BAD_USER_INPUT',
    ])
    expect(codesOf(await module.create(member, 'hostile', { a: 'xxxy' }))).toEqual([])
  })

  test('a collection gives its records, and both are entities', async () => {
    await module.define(admin, 'things')
    const { id } = await module.created(member, 'things', { number: 'T-1' })
    const answer = await module.ask(
      member,
      `query ($of: [_Any!]!) { _entities(representations: $of) {
        ... on Collection { name records(filter: { number: "T-1" }) { totalCount edges { node { id } } } }
        ... on Record { id data } } }`,
      {
        of: [
          { __typename: 'Collection', name: 'things' },
          { __typename: 'Record', id },
          { __typename: 'Record', id: 'x' },
        ],
      },
    )
    expect(answer.data?._entities).toEqual([
      { name: 'things', records: { totalCount: 1, edges: [{ node: { id } }] } },
      { id, data: { number: 'T-1' } },
      null,
    ])
  })
})
