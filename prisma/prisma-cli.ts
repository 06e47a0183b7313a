import { spawn } from 'node:child_process'
import { delimiter, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Owner } from './owners.ts'

export type PrismaRun = { status: number; output: string; errors: string }

/**
 * Runs Prisma's CLI for one owner, with our schema engine in place of the one it would download, and without its
 * calls home.
 *
 * @param url the owner's database; commands that need none go without
 */
export function runPrisma(owner: Owner, args: readonly string[], url?: string): Promise<PrismaRun> {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const cli = fileURLToPath(new URL('../node_modules/prisma/build/index.js', import.meta.url))
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter), // the engine's first line asks for `node`
      PRISMA_SCHEMA_ENGINE_BINARY: fileURLToPath(new URL('./schema-engine.ts', import.meta.url)),
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
      NO_COLOR: '1',
      TRELLIS_DB_OWNER: owner,
      TRELLIS_DB_URL: url ?? '',
    },
  })
  return new Promise((resolve, reject) => {
    let output = ''
    let errors = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk))
    child.on('error', reject)
    child.on('close', (code) => resolve({ status: code ?? 1, output, errors: withoutChatter(errors) }))
  })
}

function withoutChatter(errors: string): string {
  return errors.replace(/^(Loaded Prisma config from .*|Prisma schema loaded from .*)\n+/gm, '')
}
