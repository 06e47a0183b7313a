import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { codeOf, fileFault, StartError } from './start-error.ts'

/**
 * What is made from sources and not committed (the Prisma clients, the explorer's bundle): made where it is missing
 * or older than its sources.
 *
 * @param say prints a line for people: the first time takes some seconds
 * @throws {StartError} when it cannot be written
 */
export async function refreshGeneratedCode(say: (line: string) => void): Promise<void> {
  try {
    await Promise.all([refreshClients(say), refreshExplorer(say)])
  } catch (error) {
    if (codeOf(error) === 'ERR_MODULE_NOT_FOUND') {
      throw new StartError(
        'What generates code is not installed: run npm install with development dependencies.',
      )
    }
    if (!['EROFS', 'EACCES', 'ENOSPC'].includes(codeOf(error) ?? '')) throw error
    throw new StartError(`The generated code cannot be written: ${fileFault(error)}.`)
  }
}

async function refreshClients(say: (line: string) => void): Promise<void> {
  const { generateClients } = await import('../prisma/generate.ts')
  const generated = await generateClients({ ifStale: true })
  if (generated.length > 0) say(`Prisma clients generated: ${generated.join(', ')}`)
}

/** In a process of its own: the bundler takes a gigabyte, which this one would keep for as long as it runs. */
async function refreshExplorer(say: (line: string) => void): Promise<void> {
  const { isExplorerFresh } = await import('../gateway/http/explorer/build.ts')
  if (await isExplorerFresh()) return
  const build = fileURLToPath(new URL('../gateway/http/explorer/build.ts', import.meta.url))
  await promisify(execFile)(process.execPath, [build])
  say('Explorer bundled')
}
