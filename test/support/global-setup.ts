import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Close } from '../../foundation/closing.ts'
import { startEmbeddedPostgres } from '../../launch/embedded-postgres.ts'
import { findServerUser } from '../../launch/server-user.ts'

declare global {
  var endTests: Close | undefined
}

/**
 * For all suites, until the tests end: one real PostgreSQL, the one TRELLIS_TEST_DATABASE_URL names or else one of our
 * own, and one place for compiled code, so that not each of the platforms they start compiles all of it.
 */
export default async function globalSetup(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'trellis-test-'))
  await chmod(folder, 0o711) // the server's user passes through
  process.env.NODE_COMPILE_CACHE = join(folder, 'compiled')
  const postgres = process.env.TRELLIS_TEST_DATABASE_URL ? null : await startServer(folder)
  if (postgres) process.env.TRELLIS_TEST_DATABASE_URL = postgres.url
  globalThis.endTests = async () => {
    await postgres?.close()
    await rm(folder, { recursive: true, force: true })
  }
}

async function startServer(folder: string) {
  return startEmbeddedPostgres({
    directory: join(folder, 'postgres'),
    copies: join(folder, 'copies'),
    user: await findServerUser(),
    password: crypto.randomUUID(),
    durable: false,
  })
}
