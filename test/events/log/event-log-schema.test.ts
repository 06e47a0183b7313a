import { readdir, readFile } from 'node:fs/promises'
import type { Owner } from '../../../prisma/owners.ts'

const prisma = new URL('../../../prisma/', import.meta.url)
const modules: Owner[] = ['platform', 'users', 'data', 'analytics', 'notifications', 'lambdas']

async function migrationsOf(owner: Owner): Promise<string> {
  const folder = new URL(`${owner}/migrations/`, prisma)
  const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  const texts = names.map(({ name }) => readFile(new URL(`${name}/migration.sql`, folder), 'utf8'))
  return (await Promise.all(texts)).join('\n')
}

const read = (path: string) => readFile(new URL(path, prisma), 'utf8')
/** Copies may have comments of their own; spaces are the formatter's. */
const plain = (text: string) =>
  text
    .replaceAll(/^\s*(--|\/\/\/).*$/gm, '')
    .replaceAll(/\s+/g, ' ')
    .trim()

test.each(modules)('%s has the event log as every module has it', async (owner) => {
  const migrations = plain(await migrationsOf(owner))
  for (const file of ['event-log.sql', 'event-log-retention.sql']) {
    expect(migrations).toContain(plain(await read(file)))
  }
  expect(plain(await read(`${owner}/schema.prisma`))).toContain(plain(await read('event-log.prisma')))
})
