import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { startEmbeddedPostgres } from '../../launch/embedded-postgres.ts'
import { findServerUser } from '../../launch/server-user.ts'
import { owners } from '../../prisma/owners.ts'
import { post } from '../support/graphql.ts'
import { startPlatform } from '../support/platform.ts'
import { runStart } from '../support/run-start.ts'
import { keyOf, signIn } from '../support/story.ts'
import { makeTemporaryFolder } from '../support/temporary-folder.ts'

type Orders = { records: { edges: { node: { id: string; version: number } }[] } }

test('on a PostgreSQL server of one’s own', async () => {
  await using folder = await makeTemporaryFolder()
  const server = await startServer(folder.path)
  const dataDirectory = join(folder.path, 'data')
  try {
    const { demo, output, ...bare } = await startPlatform({
      dataDirectory,
      env: { DATABASE_URL: server.url },
    })
    expect(await databasesOf(server.url)).toEqual(expect.arrayContaining([...owners]))
    expect(await readdir(dataDirectory)).toEqual(expect.not.arrayContaining(['demo.json', 'postgres']))
    expect(demo.clients).toEqual({})
    expect(output()).not.toContain('trellis_sk_')
    await bare.stop()

    const env = { DATABASE_URL: server.url, TRELLIS_DEMO: '1' }
    await using first = await startPlatform({ dataDirectory, env })
    await signIn(first, 'globex', 'ADMIN')
    const [deleted, ...kept] = await ordersOf(first)
    expect(kept).toHaveLength(2)
    const query = 'mutation ($id: ID!, $version: Int!) { deleteRecord(id: $id, expectedVersion: $version) }'
    const answer = await post(first.endpoint, keyOf(first, 'acme'), { query, variables: deleted })
    expect(answer).toEqual({ data: { deleteRecord: true } })
    await first.stop()

    // What somebody has deleted does not come back, and keys and passwords stay as they are.
    await using second = await startPlatform({ dataDirectory, env })
    expect(second.demo.clients).toEqual(first.demo.clients)
    expect(await ordersOf(second)).toEqual(kept)
    await second.stop()

    for (const _attempt of ['first', 'second']) {
      const stranger = await runStart({ dataDirectory: join(folder.path, 'another'), env })
      expect(stranger.status).toBe(1)
      expect(stranger.errors.trim()).toMatch(
        /^Trellis cannot run\. The databases at \S+ were filled with other secrets[^\n]*$/,
      )
    }
  } finally {
    await server.close()
  }
}, 120_000)

async function startServer(folder: string) {
  return startEmbeddedPostgres({
    directory: join(folder, 'server'),
    copies: join(folder, 'copies'),
    user: await findServerUser(),
    password: crypto.randomUUID(),
    durable: false,
  })
}

async function databasesOf(url: string): Promise<string[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<{ datname: string }>('SELECT datname FROM pg_database')
  await client.end()
  return rows.map(({ datname }) => datname)
}

async function ordersOf(platform: Parameters<typeof keyOf>[0] & { endpoint: string }) {
  const query = '{ records(collection: "orders", first: 100) { edges { node { id version } } } }'
  const answer = await post<Orders>(platform.endpoint, keyOf(platform, 'acme'), { query })
  return answer.data?.records.edges.map(({ node }) => node) ?? []
}
