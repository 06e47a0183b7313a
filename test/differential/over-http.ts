import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHttpSubgraph } from '../../gateway/transports/http-subgraph.ts'
import type { Subgraph } from '../../gateway/transports/subgraph-fetch.ts'
import type { CreateExecutors } from './answers.ts'
import { reachedBy, type World } from './differential.ts'

/** The same world with each subgraph on a port of its own. Events of subscriptions stay in process. */
export async function overHttp(
  world: World,
  createExecutors: CreateExecutors,
): Promise<{ world: World; close(): Promise<void> }> {
  const closing: (() => Promise<void>)[] = []
  const subgraphs = new Map<string, Subgraph>()
  for (const [name, subgraph] of world.subgraphs) {
    const server = await serve(subgraph)
    const { port } = server.address() as AddressInfo
    const endpoint = () => `http://127.0.0.1:${port}/graphql`
    const reached = createHttpSubgraph({ audience: name, endpoint, sign: null, timeoutMs: 10_000 })
    subgraphs.set(name, { fetch: reached.fetch, subscribe: subgraph.subscribe })
    closing.push(async () => {
      await reached.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
  }
  return {
    world: reachedBy(world, subgraphs, createExecutors),
    async close() {
      await Promise.all(closing.map((close) => close()))
    },
  }
}

async function serve({ fetch }: Subgraph): Promise<Server> {
  const caller = { viewer: null, depth: 0, traceparent: undefined }
  const { signal } = new AbortController()
  const server = createServer(async (request, response) => {
    const { query: document, variables = {}, operationName } = JSON.parse(await readBody(request))
    const answer = await fetch({ document, variables, operationName, caller }, signal).catch(() => null)
    const status = answer ? 200 : 500
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
