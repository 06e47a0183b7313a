import { readFile } from 'node:fs/promises'
import {
  type Composition,
  composeForClient,
  type SubgraphSource,
} from '../../../gateway/composition/compose-for-client.ts'
import { checkSdl } from '../../../lambdas/host/check-sdl.ts'
import { completeSdl } from '../../../lambdas/host/complete-sdl.ts'
import { schemaFaults } from '../../../lambdas/host/schema-faults.ts'

const coreModules = ['analytics', 'data', 'notifications', 'users']

/** The SDL of the core modules, as they register it. */
export async function readCore(): Promise<SubgraphSource[]> {
  const read = (name: string) => readFile(new URL(`../../../schema/${name}.graphql`, import.meta.url), 'utf8')
  const prelude = await read('prelude')
  return Promise.all(coreModules.map(async (name) => ({ name, sdl: `${prelude}\n${await read(name)}` })))
}

/** A plugin's way from `typeDefs` to the supergraph, through both checks; faults are `CODE line`. */
export function composePlugin(typeDefs: string, core: readonly SubgraphSource[]): Composition {
  const { document, faults } = checkSdl(typeDefs)
  const sdl = completeSdl(typeDefs, document)
  const found = faults.length > 0 ? faults : schemaFaults(sdl)
  if (found.length === 0) return composeForClient([...core, { name: 'plugin', sdl }])
  const errors = found.map(({ line, ...fault }) => ({
    ...fault,
    subgraph: 'plugin',
    ...(line !== null && { line }),
  }))
  return { ok: false, errors }
}
