import { createApiKey } from '../gateway/registry/api-keys.ts'
import { openPlatformDatabase } from '../gateway/registry/platform-database.ts'

/*
 * The way in to a platform that has no key yet: prints a new operator key. It needs what only whoever runs the platform
 * has, the gateway's DATABASE_URL:
 *   docker compose exec gateway node deploy/new-operator-key.ts "Ada's laptop"
 */
const [name] = process.argv.slice(2)
const url = process.env.DATABASE_URL
if (!name || !url) {
  console.error('usage: DATABASE_URL=postgresql://… node deploy/new-operator-key.ts <whose key it is>')
  process.exit(1)
}
const db = openPlatformDatabase(url)
try {
  console.log((await createApiKey(db, { kind: 'OPERATOR', name })).secret)
} finally {
  await db.$disconnect()
}
