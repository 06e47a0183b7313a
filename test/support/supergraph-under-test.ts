import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { composeServices } from '@theguild/federation-composition'
import { silentLog } from '../../foundation/log.ts'
import {
  createSupergraphGateway,
  type SupergraphGatewayOptions,
} from '../../gateway/create-supergraph-gateway.ts'
import { parseSubgraph } from '../federation/compose.ts'
import type { Resolvers } from '../federation/federation-case.ts'
import { type RunningSubgraph, startSubgraph } from '../federation/start-subgraph.ts'
import { planners } from './planners.ts'
import { makeTemporaryFolder } from './temporary-folder.ts'

export type Subgraphs = Record<string, { sdl: string; resolvers: Resolvers }>

export type SupergraphUnderTest = {
  url: string
  subgraphs: Record<string, RunningSubgraph>
  /** The file that is served. */
  path: string
  close(): Promise<void>
}

/** A gateway for one supergraph, of subgraphs that run. */
export async function startSupergraphUnderTest(
  sources: Subgraphs,
  options: Partial<SupergraphGatewayOptions> = {},
): Promise<SupergraphUnderTest> {
  const subgraphs: Record<string, RunningSubgraph> = {}
  for (const [name, { sdl, resolvers }] of Object.entries(sources)) {
    subgraphs[name] = await startSubgraph(parseSubgraph(sdl), resolvers)
  }
  const folder = await makeTemporaryFolder()
  const path = join(folder.path, 'supergraph.graphql')
  await writeFile(
    path,
    composeSupergraph(sources, (name) => `${subgraphs[name]?.url}/graphql`),
  )
  const gateway = await createSupergraphGateway({
    supergraph: path,
    supergraphHeaders: {},
    pollMs: 20,
    jwt: null,
    forward: [],
    planners,
    log: silentLog,
    ...options,
  })
  const url = await gateway.listen({ host: '127.0.0.1', port: 0 })
  return {
    url,
    subgraphs,
    path,
    async close() {
      await gateway.close()
      for (const subgraph of Object.values(subgraphs)) await subgraph.kill()
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** A supergraph as a registry elsewhere would compose it. */
export function composeSupergraph(
  sources: Readonly<Record<string, { sdl: string }>>,
  urlOf: (name: string) => string,
): string {
  const { supergraphSdl, errors } = composeServices(
    Object.entries(sources).map(([name, { sdl }]) => ({
      name,
      url: urlOf(name),
      typeDefs: parseSubgraph(sdl),
    })),
  )
  if (!supergraphSdl) throw new Error(`Does not compose: ${errors?.map(({ message }) => message).join('; ')}`)
  return supergraphSdl
}
