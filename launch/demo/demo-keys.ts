import { hashApiKey } from '../../gateway/access/api-key.ts'
import { createApiKey } from '../../gateway/registry/api-keys.ts'
import { createClient } from '../../gateway/registry/create-client.ts'
import { openPlatformDatabase, type PlatformDatabase } from '../../gateway/registry/platform-database.ts'
import { migrate } from '../../prisma/migrate.ts'
import { type DemoClient, type DemoSecrets, randomSecret } from '../secrets.ts'
import { type DemoClientPlan, demoClients, demoModules, partnerTags } from './demo-clients.ts'

/**
 * The demo clients and their keys, in the gateway's registry. A key is shown once, so those already in hand are kept
 * as long as this database knows them; where it does not (the first start, one that was killed before the keys were
 * written down, another database) there are new ones, and the data behind them is to be written anew.
 *
 * @param url the platform database
 * @param known what was in hand after an earlier start
 */
export async function prepareDemoKeys(url: string, known: DemoSecrets | null): Promise<DemoSecrets> {
  await migrate('platform', url)
  const db = openPlatformDatabase(url)
  try {
    if (known && (await isKnown(db, known.operatorKey))) return known
    for (const plan of demoClients) await ensureClient(db, plan)
    const { secret: operatorKey } = await createApiKey(db, { kind: 'OPERATOR', name: 'Demo' })
    const clients: Record<string, DemoClient> = {}
    for (const plan of demoClients) clients[plan.slug] = await createKeys(db, plan, known?.clients[plan.slug])
    return { operatorKey, clients, seeded: false, plugins: {} }
  } finally {
    await db.$disconnect()
  }
}

/** A revoked key counts: its owner did not want it, and is not given another behind their back. */
async function isKnown(db: PlatformDatabase, key: string): Promise<boolean> {
  return (await db.apiKey.count({ where: { hash: hashApiKey(key) } })) > 0
}

async function ensureClient(db: PlatformDatabase, { slug, name }: DemoClientPlan): Promise<void> {
  if (await db.client.findUnique({ where: { slug } })) return
  await createClient(db, { slug, name, modules: demoModules })
}

async function createKeys(
  db: PlatformDatabase,
  { slug, users }: DemoClientPlan,
  known: DemoClient | undefined,
): Promise<DemoClient> {
  const create = async (
    kind: 'PUBLISHABLE' | 'SECRET' | 'PARTNER' | 'DEPLOY',
    tags: readonly string[] = [],
  ) => (await createApiKey(db, { kind, name: 'Demo', client: slug, tags })).secret
  return {
    publishableKey: await create('PUBLISHABLE'),
    secretKey: await create('SECRET'),
    partnerKey: await create('PARTNER', partnerTags),
    deployKey: await create('DEPLOY'),
    users: users.map(({ email, roles }) => ({
      email,
      password: known?.users.find((user) => user.email === email)?.password ?? randomSecret(),
      roles: [...roles],
    })),
  }
}
