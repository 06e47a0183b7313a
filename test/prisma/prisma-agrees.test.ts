import { applyMigrations, migrate } from '../../prisma/migrate.ts'
import { owners } from '../../prisma/owners.ts'
import { runPrisma } from '../../prisma/prisma-cli.ts'
import { createEmptyDatabase, createTestDatabase } from '../support/database.ts'
import { openMigrationsFolder } from './migrations-folder.ts'

describe.each(owners)("Prisma's CLI and the database of %s", (owner) => {
  test('agree that it is up to date and is what schema.prisma says', async () => {
    const { url, drop } = await createTestDatabase(owner)
    const schema = `prisma/${owner}/schema.prisma`
    const [status, diff] = await Promise.all([
      runPrisma(owner, ['migrate', 'status'], url),
      runPrisma(
        owner,
        ['migrate', 'diff', '--from-config-datasource', '--to-schema', schema, '--exit-code'],
        url,
      ),
    ])
    await drop()
    expect(status).toMatchObject({
      status: 0,
      output: expect.stringContaining('Database schema is up to date!'),
    })
    expect(diff).toMatchObject({ status: 0, output: expect.stringContaining('No difference detected.') })
  })
})

describe("Prisma's CLI and the runner", () => {
  test('a database that Prisma deployed has nothing left for the runner to do', async () => {
    const { url, drop } = await createEmptyDatabase('deployed')
    const before = await runPrisma('users', ['migrate', 'status'], url)
    expect(before).toMatchObject({ status: 1, output: expect.stringContaining('have not yet been applied') })

    const deploy = await runPrisma('users', ['migrate', 'deploy'], url)
    expect(deploy).toMatchObject({ status: 0, output: expect.stringContaining('successfully applied') })
    expect(await migrate('users', url)).toEqual([])
    await drop()
  })

  test('a migration that Prisma left half-way is seen by the runner, and is applied once Prisma has resolved it', async () => {
    await using given = await openMigrationsFolder()
    await given.write('20261121000000_init', 'CREATE TABLE thing (id TEXT); COMMIT; SELECT 1/0;')
    await expect(applyMigrations(given.folder, given.url)).rejects.toThrow('division by zero')

    const deployed = await runPrisma('lambdas', ['migrate', 'deploy'], given.url)
    expect(deployed).toMatchObject({ status: 1, errors: expect.stringContaining('P3009') })
    expect(deployed.errors).toContain('20261121000000_init')
    const resolved = await runPrisma(
      'lambdas',
      ['migrate', 'resolve', '--rolled-back', '20261121000000_init'],
      given.url,
    )
    expect(resolved).toMatchObject({ status: 0 })
    expect(await migrate('lambdas', given.url)).toContain('20261121000000_init')
  })

  test('a database that is not there is said to be not there', async () => {
    const run = await runPrisma('users', ['migrate', 'status'], 'postgresql://someone@127.0.0.1:1/users')
    expect(run).toMatchObject({ status: 1, errors: expect.stringMatching(/P1001.*ECONNREFUSED/) })
  })
})
