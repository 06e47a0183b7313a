import { access, mkdir, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { generateClients } from './generate.ts'
import { type Owner, owners } from './owners.ts'
import { type PrismaRun, runPrisma } from './prisma-cli.ts'

const usage = `npm run db -- <command> [--owner NAME]

  generate [--if-stale]   the Prisma clients, into prisma/generated/
  validate                the schema.prisma files
  new-migration NAME      what schema.prisma has changed since the last migration, as the next one
  deploy                  applies what is pending, with Prisma's own engine
  status                  what is applied and what is pending
  resolve NAME            marks a failed migration as rolled back, after you have repaired what it left

Without --owner: every owner (${owners.join(', ')}).
All but generate and validate need DATABASE_URL: a PostgreSQL server on which each owner has a database of its name.`

class UsageError extends Error {}

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  if (error instanceof UsageError) console.error(`\n${usage}`)
  process.exitCode = 1
}

async function main(): Promise<void> {
  const { command, name, chosen, ifStale } = readCommandLine()
  switch (command) {
    case 'generate': {
      const generated = await generateClients({ owners: chosen, ifStale })
      return console.log(
        generated.length > 0 ? `generated: ${generated.join(', ')}` : 'all clients are fresh',
      )
    }
    case 'validate':
      return each(chosen, (owner) => runPrisma(owner, ['validate']))
    case 'deploy':
    case 'status':
      return each(chosen, (owner) => runPrisma(owner, ['migrate', command], databaseUrl(owner)))
    case 'resolve':
      return each(await ownersWith(chosen, name), (owner) =>
        runPrisma(owner, ['migrate', 'resolve', '--rolled-back', name], databaseUrl(owner)),
      )
    case 'new-migration':
      return each(chosen, (owner) => newMigration(owner, name))
    default:
      throw new UsageError(command ? `There is no command ${command}.` : 'Which command?')
  }
}

function readCommandLine() {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { owner: { type: 'string' }, 'if-stale': { type: 'boolean' } },
    })
    const [command, name = ''] = positionals
    const chosen = owners.filter((owner) => values.owner === undefined || owner === values.owner)
    if (chosen.length === 0) throw new UsageError(`There is no owner ${values.owner}.`)
    return { command, name, chosen, ifStale: values['if-stale'] ?? false }
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function databaseUrl(owner: Owner): string {
  return Object.assign(new URL(serverUrl()), { pathname: `/${owner}` }).href
}

function serverUrl(): string {
  const server = process.env.DATABASE_URL
  if (server) return server
  throw new Error(
    'DATABASE_URL is not set: a PostgreSQL server, such as postgresql://user:password@127.0.0.1:5432',
  )
}

async function each(chosen: readonly Owner[], run: (owner: Owner) => Promise<PrismaRun>): Promise<void> {
  for (const owner of chosen) {
    const { status, output, errors } = await run(owner)
    console.log(
      `${owner}:\n${[output, errors]
        .join('\n')
        .trim()
        .replaceAll(/^(?=.)/gm, '  ')}\n`,
    )
    if (status !== 0) process.exitCode = 1
  }
}

/** Finds the difference in a database of its own on the server, which it drops again; no owner's database is touched. */
async function newMigration(owner: Owner, name: string): Promise<PrismaRun> {
  if (!/^[a-z0-9_]+$/.test(name)) throw new UsageError('The name of a migration is of a-z, 0-9 and _.')
  const args = ['migrate', 'diff', '--from-migrations', `prisma/${owner}/migrations`]
  const to = ['--to-schema', `prisma/${owner}/schema.prisma`, '--script', '--exit-code']
  const diff = await runPrisma(owner, [...args, ...to], serverUrl())
  if (diff.status === 0) return { ...diff, output: 'schema.prisma and migrations agree: nothing to do' }
  if (diff.status !== 2) return diff
  const folder = `${timestamp()}_${name}`
  await mkdir(migration(owner, folder))
  await writeFile(migration(owner, `${folder}/migration.sql`), `${diff.output.trim()}\n`, { flag: 'wx' })
  return {
    ...diff,
    status: 0,
    output: `wrote prisma/${owner}/migrations/${folder}/migration.sql: read it, then commit it`,
  }
}

function timestamp(): string {
  return new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14)
}

async function ownersWith(chosen: readonly Owner[], name: string): Promise<Owner[]> {
  if (name === '') throw new UsageError('Which migration?')
  const found: Owner[] = []
  for (const owner of chosen) if (await exists(migration(owner, name))) found.push(owner)
  if (found.length === 1) return found
  throw new UsageError(
    found.length === 0
      ? `No owner has a migration ${name}.`
      : `Whose? ${found.join(', ')} have it: say --owner.`,
  )
}

function migration(owner: Owner, path: string): URL {
  return new URL(`./${owner}/migrations/${path}`, import.meta.url)
}

async function exists(file: URL): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}
