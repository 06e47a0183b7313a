/** Who calls: a key, a user's access token, or both. */
export type Credentials = { apiKey?: string; token?: string }

export type GraphQLCall = {
  document: string
  variables?: Readonly<Record<string, unknown>>
  credentials: Credentials
}

/** An answer with errors; `codes` are theirs. */
export class CallError extends Error {
  override name = 'CallError'
  readonly codes: readonly string[]

  constructor(errors: readonly GraphQLAnswerError[]) {
    super(errors.map((error) => error.message).join('; '))
    this.codes = errors.map((error) => error.extensions?.code ?? '')
  }
}

type GraphQLAnswerError = { message: string; extensions?: { code?: string } }
type GraphQLAnswer<Data> = { data?: Data | null; errors?: readonly GraphQLAnswerError[] }

const answersWithinMs = 30_000

/** A query or mutation as any client sends it. @throws {CallError} for an answer with errors, also beside data */
export async function callGraphQL<Data>(endpoint: string, call: GraphQLCall): Promise<Data> {
  const { apiKey, token } = call.credentials
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(apiKey ? { 'x-api-key': apiKey } : {}),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
    body: JSON.stringify({ query: call.document, variables: call.variables ?? {} }),
    signal: AbortSignal.timeout(answersWithinMs),
  })
  const answer = (await response.json()) as GraphQLAnswer<Data>
  if (answer.errors?.length) throw new CallError(answer.errors)
  if (!answer.data) throw new Error(`The gateway answered ${response.status} without data.`)
  return answer.data
}
