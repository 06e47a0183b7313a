import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { silentLog } from '../../../foundation/log.ts'
import { createSupergraphGateway } from '../../../gateway/create-supergraph-gateway.ts'
import { createHttpSubgraph } from '../../../gateway/transports/http-subgraph.ts'
import { compose } from '../../federation/compose.ts'
import { planners } from '../../support/planners.ts'
import { makeTemporaryFolder } from '../../support/temporary-folder.ts'
import { createLogModule, type LogModule } from './log-module.ts'

/** A gateway as it is started with `--supergraph`, in front of a module with a log. Everybody is let in. */
export type LogGateway = { url: string; module: LogModule; close(): Promise<void> }

export async function startLogGateway(): Promise<LogGateway> {
  const folder = await makeTemporaryFolder()
  const module = createLogModule()
  await module.startInstance()
  const supergraph = join(folder.path, 'supergraph.graphql')
  await writeFile(supergraph, compose({ log: { sdl: module.sdl } }))
  const endpoint = () => {
    const url = module.endpoint()
    return url && `${url}/graphql`
  }
  const gateway = await createSupergraphGateway({
    supergraph,
    supergraphHeaders: {},
    pollMs: 60_000,
    buildService: () => createHttpSubgraph({ audience: 'log', endpoint, sign: null, timeoutMs: 5_000 }),
    jwt: null,
    forward: [],
    planners,
    log: silentLog,
  })
  const url = await gateway.listen({ host: '127.0.0.1', port: 0 })
  return {
    url: `${url}/graphql`,
    module,
    async close() {
      await gateway.close()
      await module.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}
