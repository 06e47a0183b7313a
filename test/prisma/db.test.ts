import { execFile } from 'node:child_process'
import { cp, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makeTemporaryFolder } from '../support/temporary-folder.ts'

const root = join(import.meta.dirname, '../..')

/** A copy of the repository as far as `npm run db` needs it, so that a test may edit schemas. */
async function copyOfPrisma() {
  const folder = await makeTemporaryFolder()
  const fresh = (source: string) => !source.startsWith(join(root, 'prisma/generated'))
  await cp(join(root, 'prisma'), join(folder.path, 'prisma'), { recursive: true, filter: fresh })
  for (const file of ['package.json', 'prisma.config.ts']) await cp(join(root, file), join(folder.path, file))
  await symlink(join(root, 'node_modules'), join(folder.path, 'node_modules'))
  return {
    path: (name: string) => join(folder.path, name),
    db: (...args: string[]) => runDb(folder.path, args),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

async function runDb(cwd: string, args: readonly string[]) {
  const server = process.env.TRELLIS_TEST_DATABASE_URL
  // A proxy that is not there: whatever tried to go to the network would fail.
  const env = {
    ...process.env,
    DATABASE_URL: server,
    HTTPS_PROXY: 'http://127.0.0.1:1',
    HTTP_PROXY: 'http://127.0.0.1:1',
  }
  const run = promisify(execFile)(process.execPath, ['prisma/db.ts', ...args], { cwd, env })
  return run.then(
    ({ stdout, stderr }) => ({ status: 0, output: stdout + stderr }),
    ({ code, stdout, stderr }) => ({ status: code, output: stdout + stderr }),
  )
}

describe('npm run db', () => {
  test('generate makes a client, and again only when the schema has changed', async () => {
    await using copy = await copyOfPrisma()
    const generate = () => copy.db('generate', '--if-stale', '--owner', 'bus')

    expect(await generate()).toEqual({ status: 0, output: 'generated: bus\n' })
    expect(await readdir(copy.path('prisma/generated/bus'))).toContain('client.ts')
    expect(await generate()).toEqual({ status: 0, output: 'all clients are fresh\n' })

    await append(copy.path('prisma/bus/schema.prisma'), 'model Note {\n  id String @id\n}')
    expect(await generate()).toEqual({ status: 0, output: 'generated: bus\n' })
    expect(await readFile(copy.path('prisma/generated/bus/models.ts'), 'utf8')).toContain('Note')
  })

  test('new-migration writes what the schema has changed since the last one, and nothing when nothing has', async () => {
    await using copy = await copyOfPrisma()
    await append(copy.path('prisma/bus/schema.prisma'), 'model Note {\n  id String @id\n\n  @@map("note")\n}')
    const migrations = () => readdir(copy.path('prisma/bus/migrations'))
    const before = await migrations()

    const written = await copy.db('new-migration', 'add_note', '--owner', 'bus')
    expect(written).toMatchObject({
      status: 0,
      output: expect.stringMatching(/wrote .*_add_note\/migration\.sql/),
    })
    const [added = ''] = (await migrations()).filter((name) => !before.includes(name))
    expect(await readFile(copy.path(`prisma/bus/migrations/${added}/migration.sql`), 'utf8')).toBe(
      `-- CreateTable\nCREATE TABLE "note" (\n    "id" TEXT NOT NULL,\n\n    CONSTRAINT "note_pkey" PRIMARY KEY ("id")\n);\n`,
    )
    const again = await copy.db('new-migration', 'add_note', '--owner', 'bus')
    expect(again).toMatchObject({ status: 0, output: expect.stringContaining('nothing to do') })
  })

  test('says what is wrong with a schema, a name, an owner or a command, and fails', async () => {
    await using copy = await copyOfPrisma()
    expect(await copy.db('validate', '--owner', 'bus')).toMatchObject({ status: 0 })
    await append(copy.path('prisma/bus/schema.prisma'), 'model Note {\n  id Nonsense\n}')
    const faults = [
      [['validate', '--owner', 'bus'], /Type "Nonsense" is neither/],
      [
        ['generate', '--owner', 'bus'],
        /client of bus could not be generated[\s\S]*Type "Nonsense" is neither/,
      ],
      [['new-migration', '../../escape', '--owner', 'bus'], /name of a migration is of a-z/],
      [['status', '--owner', 'nobody'], /There is no owner nobody/],
      [['resolve', '20000101000000_none'], /No owner has a migration/],
      [['explode'], /There is no command explode/],
      [['status', '--force'], /--force/],
    ] as const
    for (const [args, message] of faults) {
      expect(await copy.db(...args)).toMatchObject({ status: 1, output: expect.stringMatching(message) })
    }
  })
})

async function append(file: string, text: string): Promise<void> {
  await writeFile(file, `\n${text}\n`, { flag: 'a' })
}
