import { existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

const source = import.meta.dirname
const output = join(source, 'dist')

/**
 * Bundles the explorer page into `dist/`, with every script, worker, style and font it needs.
 * @returns whether there was anything to do: a bundle newer than all its sources is left as it is
 */
export async function buildExplorer(): Promise<boolean> {
  if (await isExplorerFresh()) return false
  // Loaded only when it is needed: it is large, and every start of the platform passes here.
  const { build } = await import('vite')
  await build({
    root: source,
    configFile: false,
    logLevel: 'error',
    base: './',
    build: { outDir: output, emptyOutDir: true, chunkSizeWarningLimit: 16_000 },
  })
  return true
}

/** Whether the bundle is there and newer than all its sources. */
export async function isExplorerFresh(): Promise<boolean> {
  const built = join(output, 'index.html')
  if (!existsSync(built)) return false
  const entries = await readdir(source, { withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(source, entry.name))
  const lock = join(source, '../../../package-lock.json')
  const times = await Promise.all([...files, lock].map(async (file) => (await stat(file)).mtimeMs))
  return Math.max(...times) <= (await stat(built)).mtimeMs
}

if (import.meta.main) await buildExplorer()
