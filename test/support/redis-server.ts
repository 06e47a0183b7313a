import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { eventually } from './eventually.ts'
import { findFreePort } from './free-port.ts'

export type TestRedis = {
  url: string /** kill -9, and up again at the same address. */
  restart(): Promise<void>
  close(): Promise<void>
}

export const hasRedis = spawnSync('redis-server', ['--version']).status === 0

/** A real server with nothing in it, which keeps what it has acknowledged. @param primary whose replica it is */
export async function startTestRedis(primary?: TestRedis): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'trellis-redis-'))
  const port = await findFreePort()
  const url = `redis://127.0.0.1:${port}`
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '']
  if (primary) args.push('--replicaof', '127.0.0.1', new URL(primary.url).port)
  const start = async () => {
    const server = spawn('redis-server', [...args, '--appendonly', 'yes', '--appendfsync', 'always'], {
      stdio: 'ignore',
    })
    await eventually('Redis answers', () => answers(url))
    return server
  }
  let server = await start()
  return {
    url,
    async restart() {
      await kill(server)
      server = await start()
    },
    async close() {
      await kill(server)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function kill(server: ChildProcess): Promise<void> {
  const exited = once(server, 'exit')
  if (server.exitCode === null && server.kill('SIGKILL')) await exited
}

async function answers(url: string): Promise<boolean> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    return (await redis.ping()) === 'PONG'
  } catch {
    return false
  } finally {
    // One that never connected would be given two seconds to leave.
    if (redis.status !== 'end') redis.disconnect()
  }
}
