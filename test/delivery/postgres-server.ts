import { openSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { startEmbeddedPostgres } from '../../launch/embedded-postgres.ts'
import { findPlatformPackage, preparePostgresBinaries } from '../../launch/postgres-binaries.ts'
import { findServerUser } from '../../launch/server-user.ts'
import { findFreePort } from '../support/free-port.ts'
import { type Server, spawnLogged, startServer } from './server.ts'

const password = 'delivery'

/**
 * A PostgreSQL that can be killed and comes back at the same address. It waits for its write-ahead log to be written,
 * which outlives a killed process; it does not wait for the disk, which only a power cut could tell.
 */
export async function startPostgresServer(folder: string): Promise<Server & { url: string }> {
  await chmod(folder, 0o711) // the server's user passes through
  const user = await findServerUser()
  const directory = join(folder, 'postgres')
  const copies = join(folder, 'copies')
  const made = await startEmbeddedPostgres({ directory, copies, user, password, durable: false })
  await made.close()

  const binaries = await preparePostgresBinaries(await findPlatformPackage(), copies, user)
  const port = await findFreePort()
  const url = Object.assign(new URL(made.url), { port: String(port) }).href
  const output = openSync(join(folder, 'postgres.log'), 'a')
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=300',
    'fsync=off',
    'timezone=UTC',
  ]
  const server = await startServer({
    name: 'postgres',
    start: () =>
      spawnLogged(
        join(binaries.bin, 'postgres'),
        ['-D', join(directory, 'cluster'), ...settings.flatMap((setting) => ['-c', setting])],
        {
          cwd: directory,
          env: { PATH: process.env.PATH, LD_LIBRARY_PATH: binaries.lib, LC_ALL: 'C' },
          output,
          ...(user ? { uid: user.uid, gid: user.gid } : {}),
        },
      ),
    isReady: () => answers(url),
  })
  return { ...server, url }
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('SELECT 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}
