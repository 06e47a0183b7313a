import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { makeTemporaryFolder } from './support/temporary-folder.ts'

const root = join(import.meta.dirname, '..')

/** Both are there, and `package.json` names the first. */
const packages = {
  'node_modules/pg/package.json': '{ "name": "pg", "main": "index.js" }',
  'node_modules/pg/index.js': '',
  'node_modules/graphql/package.json': '{ "name": "graphql", "main": "index.js" }',
  'node_modules/graphql/index.js': '',
}

/** What `.dependency-cruiser.cjs` says to a house with these files: `from → to` of each import that it refuses. */
async function refusedImports(files: Record<string, string>): Promise<string[]> {
  await using folder = await makeTemporaryFolder()
  await writeFile(
    join(folder.path, 'package.json'),
    JSON.stringify({ type: 'module', dependencies: { pg: '*' } }),
  )
  await writeFile(
    join(folder.path, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { module: 'nodenext' } }),
  )
  for (const [name, text] of Object.entries({ ...packages, ...files })) {
    await mkdir(dirname(join(folder.path, name)), { recursive: true })
    await writeFile(join(folder.path, name), text)
  }
  const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs')
  const args = [program, '.', '--config', join(root, '.dependency-cruiser.cjs'), '--output-type', 'json']
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder.path }).catch(
    (error) => error,
  )
  const { violations } = JSON.parse(stdout).summary as { violations: { from: string; to: string }[] }
  return [...new Set(violations.map(({ from, to }) => `${from} → ${to}`))].sort()
}

function relativePath(from: string, to: string): string {
  return `${'../'.repeat(from.split('/').length - 1) || './'}${to}`
}

const value = 'export const value = 1\n'
const type = 'export type Value = 1\n'

const forbidden = [
  ['foundation/a0.ts', 'schema/b0.ts'],
  ['schema/a1.ts', 'foundation/b1.ts'],
  ['prisma/a2.ts', 'events/b2.ts'],
  ['events/a3.ts', 'gateway/transports/b3.ts'],
  ['gateway/transports/a4.ts', 'subgraphs/b4.ts'],
  ['subgraphs/users/a5.ts', 'gateway/transports/b5.ts'],
  ['subgraphs/users/a6.ts', 'subgraphs/data/b6.ts'],
  ['subgraphs/a7.ts', 'subgraphs/data/b7.ts'],
  ['lambdas/host/a8.ts', 'gateway/transports/b8.ts'],
  ['lambdas/host/a9.ts', 'lambdas/isolates/b9.ts'],
  ['lambdas/isolates/a10.ts', 'schema/b10.ts'],
  ['clients/acme/a11.ts', 'foundation/b11.ts'],
  ['clients/acme/a12.ts', 'clients/globex/b12.ts'],
  ['gateway/transports/a13.ts', 'gateway/execution/b13.ts'],
  ['gateway/registry/a14.ts', 'gateway/control/b14.ts'],
  ['gateway/access/a15.ts', 'gateway/create-gateway.ts'],
  ['gateway/http/a16.ts', 'gateway/services/b16.ts'],
  ['gateway/main.ts', 'launch/b17.ts'],
  ['events/a18.ts', 'test/support/b18.ts'],
  ['gateway/pipeline.ts', 'start.ts'],
  ['subgraphs/users/a20.ts', 'prisma/schema-engine.ts'],
  ['users/a21.ts', 'gateway/http/b21.ts'],
  ['cli/a22.ts', 'gateway/transports/b22.ts'],
  ['cli/a23.ts', 'lambdas/host/b23.ts'],
  ['sdk/a24.ts', 'lambdas/local/b24.ts'],
  ['lambdas/local/a25.ts', 'prisma/b25.ts'],
] as const

describe('the walls between the rooms', () => {
  test('let through what the house allows', async () => {
    const refused = await refusedImports({
      'foundation/log.ts': value,
      'prisma/migrate.ts': `import { value } from '../foundation/log.ts'\n${value}`,
      'events/bus.ts': `import { value } from '../prisma/migrate.ts'\n${value}`,
      'gateway/transports/http.ts': `import { value } from '../../events/bus.ts'\n${value}`,
      'gateway/registry/registry.ts': `import { value } from '../transports/http.ts'\n${value}`,
      'gateway/main.ts': `import { value } from './registry/registry.ts'\nimport { Client } from 'pg'\n${value}`,
      'subgraphs/users/main.ts': `import { value } from '../serve.ts'\n${value}`,
      'subgraphs/serve.ts': `import { value } from '../events/bus.ts'\n${value}`,
      'lambdas/isolates/messages.ts': value,
      'lambdas/host/host.ts': `import { value } from '../isolates/messages.ts'\n${value}`,
      'lambdas/local/run.ts': `import { value } from '../host/host.ts'\n${value}`,
      'cli/main.ts': `import { value } from '../lambdas/local/run.ts'\n${value}`,
      'sdk/plugin.ts': value,
      'sdk/testing.ts': `import { value } from '../lambdas/local/run.ts'\n${value}`,
      'clients/acme/plugin.ts': `import { value } from '../../sdk/plugin.ts'\n${value}`,
      'launch/start.ts': `import { value } from '../gateway/main.ts'\n${value}`,
      'start.ts': `import { value } from './launch/start.ts'\n`,
      'test/a.test.ts': `import { value } from '../gateway/registry/registry.ts'\n`,
    })
    expect(refused).toEqual([])
  })

  test('refuse every other import, of a type too', async () => {
    const files = forbidden.flatMap(([from, to]) => [
      [from, `import { value } from '${relativePath(from, to)}'\n${value}`],
      [from.replace('.ts', '-type.ts'), `import type { Value } from '${relativePath(from, to)}'\n${type}`],
      [to, `${value}${type}`],
    ])
    const expected = forbidden.flatMap(([from, to]) => [
      `${from} → ${to}`,
      `${from.replace('.ts', '-type.ts')} → ${to}`,
    ])
    expect(await refusedImports(Object.fromEntries(files))).toEqual(expected.sort())
  })

  test('refuse a cycle that only types make', async () => {
    const refused = await refusedImports({
      'gateway/planning/a.ts': `import type { B } from './b.ts'\nexport type A = B[]\n`,
      'gateway/planning/b.ts': `import type { A } from './a.ts'\nexport type B = { a: A }\n`,
    })
    expect(refused).not.toEqual([])
  })

  test('refuse packages that package.json does not name, and files that are not there', async () => {
    const refused = await refusedImports({
      'foundation/a.ts': `import { value } from './gone.ts'\nimport { graphql } from 'graphql'\n`,
    })
    expect(refused).toEqual([
      'foundation/a.ts → ./gone.ts',
      'foundation/a.ts → node_modules/graphql/index.js',
    ])
  })
})
