import { createHash } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { type Owner, owners } from './owners.ts'
import { runPrisma } from './prisma-cli.ts'

type GenerateOptions = {
  /** @default all */
  owners?: readonly Owner[]
  /** Leaves a client alone whose schema, and the Prisma that made it, are as they were. @default false */
  ifStale?: boolean
}

/**
 * Generates the owners' clients into `prisma/generated/<owner>/`. Needs neither a network nor a database.
 *
 * @returns the owners whose client was generated now
 * @throws {Error} with Prisma's own words if a schema is not valid
 */
export async function generateClients({
  ifStale = false,
  ...options
}: GenerateOptions = {}): Promise<Owner[]> {
  const hashes = await Promise.all(
    (options.owners ?? owners).map(async (owner) => [owner, await hash(owner)] as const),
  )
  const stale = await Promise.all(
    hashes.map(async ([owner, now]) => !ifStale || (await noted(owner)) !== now),
  )
  const queue = hashes.filter((_, index) => stale[index])
  const waiting = queue.values()
  await Promise.all([generateEach(waiting), generateEach(waiting)]) // each is a process that keeps one core busy
  return queue.map(([owner]) => owner)
}

async function generateEach(waiting: Iterable<readonly [Owner, string]>): Promise<void> {
  for (const [owner, hash] of waiting) {
    await rm(noteFile(owner), { force: true })
    const { status, output, errors } = await runPrisma(owner, ['generate', '--no-hints'])
    if (status !== 0)
      throw new Error(`The Prisma client of ${owner} could not be generated.\n${output}${errors}`)
    await writeFile(noteFile(owner), hash)
  }
}

async function hash(owner: Owner): Promise<string> {
  const schema = await readFile(new URL(`./${owner}/schema.prisma`, import.meta.url))
  const prisma = await readFile(new URL('../node_modules/prisma/package.json', import.meta.url), 'utf8')
  return createHash('sha256').update(schema).update(JSON.parse(prisma).version).digest('hex')
}

function noteFile(owner: Owner): URL {
  return new URL(`./generated/${owner}/schema.sha256`, import.meta.url)
}

async function noted(owner: Owner): Promise<string | undefined> {
  try {
    return await readFile(noteFile(owner), 'utf8')
  } catch {
    return undefined // never generated
  }
}
