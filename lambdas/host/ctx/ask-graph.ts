import { TrellisError } from '../../../foundation/errors.ts'

/** Whose rights a question to the graph has: a token of the gateway's, which never enters the isolate. */
export type GraphRights = { token: string; traceparent: string | undefined }

export type GraphQuestion = { document: string; variables: Readonly<Record<string, unknown>> }

/** @returns the graph's answer: JSON text. @throws {TrellisError} what the lambda is to be told */
export type AskGraph = (question: GraphQuestion, rights: GraphRights) => Promise<string>

const timeoutMs = 10_000
/** A larger one could not enter the isolate, whose heap is a few times that. */
const maxAnswerChars = 4_000_000

/** Asks the client's own supergraph: the gateway reads from the token whose it is. */
export function createAskGraph(gatewayUrl: string): AskGraph {
  const url = new URL('/graphql', gatewayUrl)
  return async ({ document, variables }, { token, traceparent }) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...(traceparent && { traceparent }),
      },
      body: JSON.stringify({ query: document, variables }),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((cause) => {
      throw unavailable(cause)
    })
    const text = await response.text()
    if (!/json/.test(response.headers.get('content-type') ?? '')) throw unavailable()
    if (text.length <= maxAnswerChars) return text
    throw new TrellisError(
      'LAMBDA_RESULT_TOO_LARGE',
      `An answer of the graph to a lambda has at most ${maxAnswerChars} characters; ask for less of it.`,
    )
  }
}

function unavailable(cause?: unknown): TrellisError {
  return new TrellisError('SUBGRAPH_UNAVAILABLE', 'The graph cannot be reached.', {
    originalError: cause instanceof Error ? cause : null,
  })
}
