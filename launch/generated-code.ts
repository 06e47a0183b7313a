import { codeOf, fileFault, StartError } from './start-error.ts'

/**
 * What is made from sources and not committed (the Prisma clients, the explorer's bundle): made where it is missing
 * or older than its sources. `npm install` does it beforehand, unless it was told to run no scripts.
 *
 * @param say prints a line for people: the first time takes some seconds
 * @throws {StartError} when it cannot be written
 */
export async function refreshGeneratedCode(say: (line: string) => void): Promise<void> {
  const { generateClients } = await import('../prisma/generate.ts')
  const { buildExplorer } = await import('../gateway/http/explorer/build.ts')
  try {
    const clients = await generateClients({ ifStale: true })
    if (clients.length > 0) say(`Prisma clients generated: ${clients.join(', ')}`)
    if (await buildExplorer()) say('Explorer bundled')
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

if (import.meta.main) await refreshGeneratedCode(console.log)
