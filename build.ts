import { buildExplorer } from './gateway/http/explorer/build.ts'
import { generateClients } from './prisma/generate.ts'

/*
 * Makes what is not in the repository and everything needs, where it is missing or older than its sources. npm runs
 * it before `start`, `test` and `check`, and a container's image once.
 */
try {
  const generated = await generateClients({ ifStale: true })
  if (generated.length > 0) console.log(`Prisma clients generated: ${generated.join(', ')}`)
  if (await buildExplorer()) console.log('explorer bundled')
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
