import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { hashApiKey } from '../../gateway/access/api-key.ts'
import { openPlatformDatabase } from '../../gateway/registry/platform-database.ts'
import { createTestDatabase } from '../support/database.ts'

test('deploy/new-operator-key.ts makes a key that the gateway knows as an operator', async () => {
  const { url, drop } = await createTestDatabase('platform')
  const script = join(import.meta.dirname, '../../deploy/new-operator-key.ts')
  const env = { ...process.env, DATABASE_URL: url }
  const { stdout } = await promisify(execFile)(process.execPath, [script, 'Ada'], { env })

  const db = openPlatformDatabase(url)
  const key = await db.apiKey.findUnique({ where: { hash: hashApiKey(stdout.trim()) } })
  await db.$disconnect()
  await drop()
  expect(key).toMatchObject({ kind: 'OPERATOR', name: 'Ada', clientSlug: null })

  await expect(promisify(execFile)(process.execPath, [script], { env })).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('usage:'),
  })
})
