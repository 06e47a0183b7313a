import { isQuery } from './is-query.ts'
import { readResponseText } from './read-graphql-response.ts'
import type { SubgraphFetch, SubgraphRequest, SubgraphResponse } from './subgraph-fetch.ts'

export type DeduplicationOptions = {
  /** The subgraph's name, for errors. */
  module: string
}

/** A call under way, and for how many it is made. */
type SharedCall = {
  response: Promise<SubgraphResponse>
  waiting: number
  end(reason: unknown): void
  forget(): void
}

/**
 * Queries that are equal in everything that can change the answer, and under way at the same moment, are asked once:
 * document, variables, the viewer with client, roles and all else that is known of it, lambda depth, the caller's own
 * headers. Only the trace is the first one's. Nothing is kept once the answer is there, so no answer is older than its
 * question. Whoever leaves, leaves alone; the call ends when nobody waits for it any more. Mutations are never shared.
 */
export function withDeduplication({ module }: DeduplicationOptions): (next: SubgraphFetch) => SubgraphFetch {
  return (next) => {
    const underWay = new Map<string, SharedCall>()

    const begin = (key: string, request: SubgraphRequest): SharedCall => {
      const abort = new AbortController()
      // As text, so that nobody is given objects that somebody else may change.
      const response = next(request.wantsText ? request : { ...request, wantsText: true }, abort.signal)
      const call: SharedCall = {
        response,
        waiting: 0,
        forget() {
          if (underWay.get(key) === call) underWay.delete(key)
        },
        end: (reason) => abort.abort(reason),
      }
      underWay.set(key, call)
      response.then(call.forget, call.forget)
      return call
    }

    return async (request, signal) => {
      if (!isQuery(request.document)) return next(request, signal)
      signal.throwIfAborted()
      const key = keyOf(request)
      const call = underWay.get(key) ?? begin(key, request)
      call.waiting++
      const left = Promise.withResolvers<never>()
      const leave = () => {
        left.reject(signal.reason)
        call.waiting--
        if (call.waiting > 0) return
        // Whoever asks next must not be given what is being ended.
        call.forget()
        call.end(signal.reason)
      }
      signal.addEventListener('abort', leave, { once: true })
      try {
        return ownCopy(await Promise.race([call.response, left.promise]), request, module)
      } finally {
        signal.removeEventListener('abort', leave)
      }
    }
  }
}

/**
 * Whatever is added to a caller is part of it, unless it is named here as making no difference. The text of a request
 * says all of it; its variables are not looked at then, they would have to be parsed.
 */
function keyOf(request: SubgraphRequest): string {
  const { traceparent: _trace, ...caller } = request.caller
  return `${JSON.stringify(caller)}\n${request.body ?? writtenOut(request)}`
}

function writtenOut({ document, operationName, variables }: SubgraphRequest): string {
  return JSON.stringify([document, operationName, variables])
}

function ownCopy(
  response: SubgraphResponse,
  { wantsText }: SubgraphRequest,
  module: string,
): SubgraphResponse {
  if (response.text === undefined) return structuredClone(response)
  return wantsText ? response : readResponseText(response.text, module)
}
