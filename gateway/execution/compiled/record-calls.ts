import { readResponseText } from '../../transports/read-graphql-response.ts'
import type { Subgraph, SubgraphRequest, SubgraphResponse } from '../../transports/subgraph-fetch.ts'
import { unavailable } from '../../transports/transport-errors.ts'

export type WrittenRequest = SubgraphRequest & { body: string }

/** The calls of one run: whoever takes over from it need not make them again, and a mutation must not be made again. */
export type RecordedCalls = {
  call(serviceName: string, request: WrittenRequest, signal: AbortSignal): Promise<SubgraphResponse>
  /** The subgraphs, answering each recorded call once as it was answered, or will be. */
  replaying(): ReadonlyMap<string, Subgraph>
}

type Recorded = { serviceName: string; body: string; response: Promise<SubgraphResponse> }

export function recordCalls(subgraphs: ReadonlyMap<string, Subgraph>): RecordedCalls {
  const recorded: Recorded[] = []

  const take = (serviceName: string, body: string) => {
    const index = recorded.findIndex((call) => call.serviceName === serviceName && call.body === body)
    return index < 0 ? undefined : recorded.splice(index, 1)[0]
  }

  return {
    call(serviceName, request, signal) {
      const subgraph = subgraphs.get(serviceName)
      const response = subgraph ? subgraph.fetch(request, signal) : Promise.reject(unavailable(serviceName))
      recorded.push({ serviceName, body: request.body, response })
      return response
    },
    replaying() {
      return new Map(
        [...subgraphs].map(([serviceName, subgraph]): [string, Subgraph] => [
          serviceName,
          {
            ...subgraph,
            async fetch(request, signal) {
              const earlier = take(serviceName, writeBody(request))
              if (!earlier) return subgraph.fetch(request, signal)
              const response = await earlier.response
              return response.text === undefined ? response : readResponseText(response.text, serviceName)
            },
          },
        ]),
      )
    },
  }
}

function writeBody({ document, operationName, variables }: SubgraphRequest): string {
  return JSON.stringify({ query: document, operationName, variables })
}
