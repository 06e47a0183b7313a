import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'
import { findFreePort } from '../support/free-port.ts'
import type { DemoFileClient } from '../support/platform.ts'
import { commandOf, processTree } from '../support/processes.ts'
import { repository } from '../support/run-start.ts'
import { startPostgresServer } from './postgres-server.ts'
import { startRedisServer } from './redis-server.ts'
import { type Server, spawnLogged, startServer, supervised } from './server.ts'

export type BusKind = 'postgres' | 'redis'
export type Topology = 'all in one' | 'apart'

/** The whole platform as real processes, and everything in it that may fail. */
export type Fleet = {
  endpoints: string[]
  client: DemoFileClient
  servers: Server[]
  /** Two processes of one consumer group write what they are given into it, a line each. */
  deliveries: string
  end(): Promise<void>
}

type Spawning = { folder: string; env: NodeJS.ProcessEnv }

const replicated = ['gateway/main.ts', 'subgraphs/data/main.ts']

/** @param folder keeps everything: data, logs, what the consumer group was given */
export async function startFleet(folder: string, bus: BusKind, topology: Topology): Promise<Fleet> {
  const servers: Server[] = []
  const keep = <T extends Server>(server: T) => {
    servers.push(server)
    return server
  }
  const end = async () => {
    for (const server of servers.toReversed()) await server.end() // what stands on others ends before them
  }
  try {
    const postgres = keep(await startPostgresServer(folder))
    const redis = bus === 'redis' ? keep(await startRedisServer(folder)) : null
    const env = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      DATABASE_URL: postgres.url,
      TRELLIS_DEMO: '1',
      LOG_LEVEL: 'info',
      ...(redis && { REDIS_URL: redis.url }),
    }
    const platform = keep(await startPlatformServer({ folder, env }, topology))
    const endpoints = [platform.endpoint]
    if (topology === 'apart') {
      for (const server of supervisedServices(platform)) keep(server)
      for (const main of replicated) {
        const copy = keep(await startCopy(main, platform, folder))
        if (main.startsWith('gateway')) endpoints.push(`${copy.url}/graphql`)
      }
    }
    const deliveries = join(folder, 'deliveries')
    closeSync(openSync(deliveries, 'a'))
    const busUrl = redis?.url ?? Object.assign(new URL(postgres.url), { pathname: '/bus' }).href
    for (const name of ['consumer 1', 'consumer 2']) {
      keep(
        await startConsumer(name, {
          folder,
          env: { PATH: process.env.PATH, BUS_URL: busUrl, DELIVERIES: deliveries },
        }),
      )
    }
    const demo = JSON.parse(readFileSync(join(folder, 'data', 'demo.json'), 'utf8'))
    return { endpoints, client: demo.clients.acme, servers, deliveries, end }
  } catch (error) {
    await end()
    throw error
  }
}

async function startPlatformServer(
  { folder, env }: Spawning,
  topology: Topology,
): Promise<Server & { endpoint: string }> {
  const port = await findFreePort()
  const url = `http://127.0.0.1:${port}`
  const args = ['start.ts', ...(topology === 'apart' ? ['--apart'] : [])]
  const settings = { ...env, PORT: String(port), TRELLIS_DATA: join(folder, 'data') }
  const server = await startServer({
    name: topology === 'apart' ? 'launcher' : 'platform',
    start: () => spawnNode('platform', args, { folder, env: settings }),
    isReady: () => existsSync(join(folder, 'data', 'demo.json')) && isReady(url),
  })
  return { ...server, endpoint: `${url}/graphql` }
}

/** The launcher starts them again, each by itself. */
function supervisedServices(platform: Server): Server[] {
  const mains = [
    'gateway/main.ts',
    'subgraphs/data/main.ts',
    'subgraphs/users/main.ts',
    'subgraphs/analytics/main.ts',
  ]
  return mains.map((main) => supervised(main, () => findService(main, platform)))
}

/** A second instance of a service, with the settings of the first. */
async function startCopy(main: string, platform: Server, folder: string): Promise<Server & { url: string }> {
  const pid = await eventually(`${main} runs`, () => findService(main, platform))
  const env = { ...environmentOf(pid), PORT: String(await findFreePort()) }
  const url = `http://127.0.0.1:${env.PORT}`
  const name = `${main} (second)`
  const server = await startServer({
    name,
    start: () => spawnNode(name, [main], { folder, env }),
    isReady: () => isReady(url),
  })
  return { ...server, url }
}

function startConsumer(name: string, spawning: Spawning): Promise<Server> {
  return startServer({
    name,
    start: () => spawnNode(name, ['test/delivery/group-consumer.ts'], spawning),
    isReady: (child) => existsSync(`${spawning.env.DELIVERIES}.${child.pid}`),
  })
}

function spawnNode(name: string, args: readonly string[], { folder, env }: Spawning) {
  const output = openSync(join(folder, `${name.replace(/\W+/g, '-')}.log`), 'a')
  try {
    return spawnLogged(process.execPath, args, { cwd: repository, env, output })
  } finally {
    closeSync(output)
  }
}

async function isReady(url: string): Promise<boolean> {
  const response = await fetch(`${url}/health/live`, { signal: AbortSignal.timeout(2_000) }).catch(() => null)
  return response?.ok === true
}

function findService(main: string, platform: Server): number | undefined {
  return processTree(platform.pid() ?? 0).find((pid) => commandOf(pid).trim().endsWith(main))
}

function environmentOf(pid: number): Record<string, string> {
  const entries = readFileSync(`/proc/${pid}/environ`, 'utf8')
    .split('\0')
    .filter((entry) => entry && !entry.startsWith('NODE_CHANNEL')) // the launcher's pipe to the first one
  return Object.fromEntries(
    entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  )
}
