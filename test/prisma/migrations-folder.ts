import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Client } from 'pg'
import { createEmptyDatabase } from '../support/database.ts'
import { makeTemporaryFolder } from '../support/temporary-folder.ts'

/** An empty database beside a folder of migrations, both for one test. */
export async function openMigrationsFolder() {
  const folder = await makeTemporaryFolder()
  const database = await createEmptyDatabase('migrate')
  return {
    url: database.url,
    folder: pathToFileURL(`${folder.path}/`),

    /** Adds a migration, or replaces its text. */
    async write(name: string, sql: string): Promise<void> {
      await mkdir(join(folder.path, name), { recursive: true })
      await writeFile(join(folder.path, name, 'migration.sql'), sql)
    },

    async rows<Row extends object>(sql: string): Promise<Row[]> {
      const client = new Client({ connectionString: database.url })
      await client.connect()
      try {
        return (await client.query<Row>(sql)).rows
      } finally {
        await client.end()
      }
    },

    async [Symbol.asyncDispose]() {
      await database.drop()
      await folder[Symbol.asyncDispose]()
    },
  }
}
