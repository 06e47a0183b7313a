import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Close } from '../../foundation/closing.ts'
import { startEmbeddedPostgres } from '../../launch/embedded-postgres.ts'
import { findServerUser } from '../../launch/server-user.ts'

declare global {
  var stopTestDatabase: Close | undefined
}

/** One real PostgreSQL for all suites: the one TRELLIS_TEST_DATABASE_URL names, or else one of our own until the tests end. */
export default async function globalSetup(): Promise<void> {
  if (process.env.TRELLIS_TEST_DATABASE_URL) return
  const folder = await mkdtemp(join(tmpdir(), 'trellis-test-'))
  await chmod(folder, 0o711) // the server's user passes through
  const postgres = await startEmbeddedPostgres({
    directory: join(folder, 'postgres'),
    copies: join(folder, 'copies'),
    user: await findServerUser(),
    password: crypto.randomUUID(),
    durable: false,
  })
  process.env.TRELLIS_TEST_DATABASE_URL = postgres.url
  globalThis.stopTestDatabase = async () => {
    await postgres.close()
    await rm(folder, { recursive: true, force: true })
  }
}
