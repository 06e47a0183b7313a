import { defineConfig } from 'prisma/config'

/**
 * Read by Prisma's CLI, which `npm run db` runs once per owner (prisma/db.ts). An owner's schema, migrations and
 * database are told by environment, because one project has one such file and we have one database per owner.
 */
const { TRELLIS_DB_OWNER: owner = 'platform', TRELLIS_DB_URL: url } = process.env

export default defineConfig({
  schema: `prisma/${owner}/schema.prisma`,
  migrations: { path: `prisma/${owner}/migrations` },
  ...(url && { datasource: { url } }),
})
