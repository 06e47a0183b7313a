import { fileURLToPath } from 'node:url'
import type { LoadOrder } from './load.ts'
import { startNode } from './process.ts'
import { type Measured, startLoadGenerator } from './rounds.ts'
import {
  freePorts,
  gatewayCore,
  openFolder,
  startUpstreams,
  untilItAnswers,
  writeSupergraph,
} from './set-up.ts'

export type Alone = {
  pid: number
  url: string
  load(order: Pick<LoadOrder, 'bodies' | 'connections' | 'seconds' | 'requests'>): Promise<Measured>
  close(): Promise<void>
}

/** Our gateway over the scenario's canned subgraphs, with nobody beside it. */
export async function startedAlone(flags: readonly string[] = ['--max-semi-space-size=64']): Promise<Alone> {
  const folder = await openFolder()
  const upstreams = await startUpstreams()
  const generator = startLoadGenerator()
  const [port = 0] = await freePorts(1)
  const main = fileURLToPath(new URL('../../gateway/main.ts', import.meta.url))
  const supergraph = await writeSupergraph(folder.path, upstreams.port)
  const { pid, stop } = startNode({
    args: [...flags, main, '--supergraph', supergraph],
    env: { PORT: `${port}`, LOG_LEVEL: 'error' },
    core: gatewayCore,
  })
  const url = `http://127.0.0.1:${port}/graphql`
  await untilItAnswers(url, JSON.stringify({ query: '{ __typename }' }))
  return {
    pid,
    url,
    load: (order) => generator.run({ ...order, port, path: '/graphql', headers: {} }, pid),
    async close() {
      await Promise.all([stop(), generator.stop(), upstreams.stop()])
      await folder.close()
    },
  }
}
