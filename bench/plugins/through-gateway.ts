import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pool } from 'undici'
import { startPlatform, type TestPlatform } from '../../test/support/platform.ts'
import type { Aim, BenchRow } from '../bench.ts'
import { rounded, spreadOf } from '../federation/rounds.ts'
import { aim } from '../subscriptions/figures.ts'
import { quantile } from './quantile.ts'

export type Figures = { rows: BenchRow[]; aims: Aim[] }

type Answer = { data?: Record<string, unknown> | null; errors?: readonly { message: string }[] }
type Ask = (query: string, variables?: object) => Promise<Answer>

const without = '{ users(first: 5) { edges { node { id name } } } }'
const withLambda = '{ users(first: 5) { edges { node { id name benchTier } } } }'
/** Operations of one kind in a row; the two kinds take turns, so that whatever else the machine does meets both. */
const blockLength = 50
const connections = 8

/** The whole platform as `npm start` runs it: HTTP, gateway, users module, lambda host, isolate. */
export async function measureThroughGateway(rounds: number): Promise<Figures> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'trellis-bench-'))
  try {
    await using platform = await startPlatform({ dataDirectory })
    const deployed = await measureDeploys(platform, rounds)
    const warm = await measureWarm(platform, rounds)
    await platform.stop()
    return { rows: [...warm.rows, ...deployed.rows], aims: [...warm.aims, ...deployed.aims] }
  } finally {
    await rm(dataDirectory, { recursive: true, force: true })
  }
}

/** From the call of `deployPlugin` to the first answer that only the new release can give. */
async function measureDeploys(platform: TestPlatform, rounds: number): Promise<Figures> {
  const operator = open(platform, platform.demo.operatorKey)
  const client = open(platform, keyOf(platform))
  const times: number[] = []
  for (let release = 1; release <= rounds * 2; release++) {
    const startedAt = performance.now()
    const { errors } = await operator.ask(
      'mutation ($files: [PluginFile!]!) { deployPlugin(client: "globex", files: $files) { number errors { code message line } } }',
      { files: [{ path: 'plugin.ts', content: pluginOf(release) }] },
    )
    if (errors) throw new Error(JSON.stringify(errors))
    while (!JSON.stringify(await client.ask(withLambda)).includes(`GOLD ${release}`));
    times.push(performance.now() - startedAt)
  }
  await Promise.all([operator.close(), client.close()])
  const { median, min, max } = spreadOf(times)
  return {
    rows: [
      {
        what: 'deployPlugin to first answer',
        p50Ms: rounded(median),
        'min-max': `${rounded(min)}-${rounded(max)}`,
      },
    ],
    aims: [aim('ms from deployPlugin to the first answer', '< 1000', [rounded(median), (ms) => ms < 1000])],
  }
}

async function measureWarm(platform: TestPlatform, rounds: number): Promise<Figures> {
  const { ask, close } = open(platform, keyOf(platform))
  const times = { without: [] as number[], with: [] as number[] }
  for (let warm = 0; warm < 10; warm++) await turn(ask, { without: [], with: [] })
  for (let round = 0; round < rounds * 20; round++) await turn(ask, times)
  const perSecond = await callsPerSecond(ask)
  await close()
  const added = rounded(quantile(times.with, 0.5) - quantile(times.without, 0.5))
  return {
    rows: [
      rowOf('5 users, without a lambda field', times.without),
      rowOf('the same with a lambda field', times.with),
      { what: `with it, ${connections} callers: operations per second`, perSecond },
    ],
    aims: [aim('ms that a warm lambda field adds, p50', '< 0.3', [added, (ms) => ms < 0.3])],
  }
}

async function turn(ask: Ask, times: { without: number[]; with: number[] }): Promise<void> {
  for (const [query, list] of [
    [without, times.without],
    [withLambda, times.with],
  ] as const)
    for (let index = 0; index < blockLength; index++) {
      const startedAt = performance.now()
      const { errors } = await ask(query)
      if (errors) throw new Error(JSON.stringify(errors))
      list.push(performance.now() - startedAt)
    }
}

async function callsPerSecond(ask: Ask): Promise<number> {
  const startedAt = performance.now()
  let answered = 0
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() - startedAt < 3_000) {
        await ask(withLambda)
        answered += 1
      }
    }),
  )
  return Math.round((answered / (performance.now() - startedAt)) * 1000)
}

function rowOf(what: string, times: readonly number[]): BenchRow {
  return {
    what,
    p50Ms: rounded(quantile(times, 0.5)),
    p99Ms: rounded(quantile(times, 0.99)),
    calls: times.length,
  }
}

function pluginOf(release: number): string {
  return `import { definePlugin, gql } from '@trellis/sdk/plugin'
export default definePlugin({
  typeDefs: gql\`type User @key(fields: "id") { id: ID! benchTier: String }\`,
  resolvers: { User: { benchTier: (users) => users.map(() => 'GOLD ${release}') } },
})`
}

function keyOf({ demo }: TestPlatform): string {
  const key = demo.clients.globex?.secretKey
  if (!key) throw new Error('The platform has no demo client.')
  return key
}

function open({ url }: TestPlatform, apiKey: string): { ask: Ask; close(): Promise<void> } {
  const pool = new Pool(url, { connections })
  return {
    async ask(query, variables = {}) {
      const { body } = await pool.request({
        method: 'POST',
        path: '/graphql',
        headers: { 'content-type': 'application/json', 'x-api-key': apiKey },
        body: JSON.stringify({ query, variables }),
      })
      return (await body.json()) as Answer
    },
    close: () => pool.close(),
  }
}
