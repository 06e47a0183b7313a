import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { graphOf, LambdaError, testPlugin } from '@trellis/sdk/testing'

const here = new URL('.', import.meta.url)
const now = '2026-11-21T10:00:00Z'
const publish = { title: 'Globe', body: 'One word more.', published: true }
const create = (data: object) => ({ collection: 'articles', data })
const told = (data: object, previous: object | null = null, subject = 'r1') => ({
  subject,
  data: { collection: 'articles', data, previous },
})

test('the time an article takes to read; none where there is no text', async () => {
  const plugin = await testPlugin(here)
  const articles = [{ body: 'word '.repeat(221) }, { body: '' }, { title: 'No text' }]
  const minutes = await plugin.resolveAll(
    'Record.readingMinutes',
    articles.map((data, index) => ({ id: String(index), data })),
  )
  assert.deepEqual(minutes, [2, 0, null])
})

describe('what may be published', () => {
  test('nothing without a word, and nothing before its time', async () => {
    const plugin = await testPlugin(here, { now })
    const codeOf = async (data: object) =>
      (await plugin.rule('Mutation.createRecord', create(data))).reject?.code ?? null
    assert.equal(await codeOf(publish), null)
    assert.equal(await codeOf({ ...publish, body: ' \n ' }), 'ARTICLE_EMPTY')
    assert.equal(await codeOf({ ...publish, embargo: 'tomorrow' }), 'EMBARGO_INVALID')
    assert.equal(await codeOf({ ...publish, embargo: '2026-11-21T10:00:01Z' }), 'EMBARGOED')
    assert.equal(await codeOf({ ...publish, embargo: now }), null)
    assert.equal(await codeOf({ ...publish, published: false, embargo: '2027-01-01T00:00:00Z' }), null)
    plugin.setTime('2026-11-21T11:00:00Z')
    assert.equal(await codeOf({ ...publish, embargo: '2026-11-21T10:00:01Z' }), null)
  })

  test('a change is judged together with what is there, as its author may read it', async () => {
    const graph = graphOf({
      typeDefs: `
        scalar JSON
        type Query { record(id: ID!): Record }
        type Record { collection: Collection! data: JSON! }
        type Collection { name: String! }`,
      resolvers: {
        Query: {
          record: (_root: unknown, { id }: { id: string }) =>
            id === 'embargoed'
              ? {
                  collection: { name: 'articles' },
                  data: { title: 'T', body: 'B', embargo: '2027-01-01T00:00:00Z' },
                }
              : null,
        },
      },
    })
    const plugin = await testPlugin(here, { now, graph })
    const update = (id: string, patch: object) => plugin.rule('Mutation.updateRecord', { id, patch })
    assert.equal((await update('embargoed', { published: true })).reject?.code, 'EMBARGOED')
    assert.deepEqual((await update('embargoed', { title: 'New' })).args?.patch, { title: 'New' })
    assert.deepEqual((await update('of somebody else', { published: true })).args?.patch, { published: true })
    assert.deepEqual(new Set(plugin.asked.map(({ as }) => as)), new Set(['caller']))
  })
})

describe('the search', () => {
  test('finds what is published by all of its words, titles first, and forgets what is not any more', async () => {
    const plugin = await testPlugin(here)
    const find = (text: string) => plugin.resolve('Query.searchArticles', { text })
    const second = { title: 'The second', body: 'All about the Globe!', published: true }
    await plugin.on('data.record.created', told(second, null, 'r2'))
    await plugin.on('data.record.created', told(publish))
    await plugin.on('data.record.created', told({ ...publish, published: false }, null, 'r3'))
    assert.deepEqual(await find('globe'), [{ id: 'r1' }, { id: 'r2' }])
    assert.deepEqual(await find('Globe about'), [{ id: 'r2' }])
    assert.deepEqual(await find(' '), [])
    await plugin.on('data.record.updated', told({ ...publish, published: false }, publish))
    await plugin.on('data.record.deleted', told(second, second, 'r2'))
    assert.deepEqual(await find('globe'), [])
  })
})

describe('the newsroom', () => {
  const secrets = { NEWSROOM_TOKEN: 'a-token' }

  test('is told once of what is published, with its token', async () => {
    const plugin = await testPlugin(here, { secrets, fetch: () => ({ status: 202 }) })
    await plugin.on('data.record.created', told(publish))
    await plugin.on('data.record.updated', told({ ...publish, title: 'Globe 2' }, publish))
    const [request, ...more] = plugin.fetched
    assert.equal(more.length, 0)
    assert.equal(request?.url, 'https://hooks.newsroom.example/published')
    assert.equal(request?.headers.authorization, 'Bearer a-token')
    assert.deepEqual(JSON.parse(request?.body ?? ''), { id: 'r1', title: 'Globe' })
    assert.deepEqual(plugin.logs, ['info: the newsroom was told of r1'])
  })

  test('that does not answer well is told again: the handler fails', async () => {
    const plugin = await testPlugin(here, { secrets, fetch: () => ({ status: 503 }) })
    await assert.rejects(plugin.on('data.record.created', told(publish)), LambdaError)
  })

  test('nobody is told where nobody has set its token', async () => {
    const plugin = await testPlugin(here)
    await plugin.on('data.record.created', told(publish))
    assert.deepEqual(plugin.fetched, [])
  })
})
