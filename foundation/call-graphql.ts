/** Who calls: a key, a user's access token, or both. */
export type Credentials = { apiKey?: string | undefined; token?: string | undefined }

export type GraphQLCall = {
  document: string
  variables?: Readonly<Record<string, unknown>>
  credentials: Credentials
}

/** An answer with errors; `codes` are theirs. */
export class CallError extends Error {
  override name = 'CallError'
  readonly errors: readonly GraphQLAnswerError[]
  readonly codes: readonly string[]

  constructor(errors: readonly GraphQLAnswerError[]) {
    super(errors.map((error) => error.message).join('; '))
    this.errors = errors
    this.codes = errors.map((error) => error.extensions?.code ?? '')
  }
}

/** There was no answer, or none that is GraphQL; `message` is a line for people. */
export class UnreachableError extends Error {
  override name = 'UnreachableError'
}

export type GraphQLAnswerError = { message: string; extensions?: { code?: string } }
type GraphQLAnswer<Data> = { data?: Data | null; errors?: readonly GraphQLAnswerError[] }

const answersWithinMs = 30_000

/**
 * A query or mutation as any client sends it.
 *
 * @throws {CallError} for an answer with errors, also beside data
 * @throws {UnreachableError} where there is no GraphQL answer at all
 */
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
  }).catch((error) => {
    throw new UnreachableError(`${endpoint} cannot be reached (${reason(error)}).`, { cause: error })
  })
  const answer = await (response.json() as Promise<GraphQLAnswer<Data>>).catch((cause) => {
    throw new UnreachableError(`${endpoint} answered ${response.status}, and no GraphQL.`, { cause })
  })
  if (answer.errors?.length) throw new CallError(answer.errors)
  if (!answer.data)
    throw new UnreachableError(`${endpoint} answered ${response.status}, and neither data nor errors.`)
  return answer.data
}

/** `fetch` says why in the cause: `ECONNREFUSED`, `ENOTFOUND`. */
function reason(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error)
  if ('name' in error && error.name === 'TimeoutError') return `no answer in ${answersWithinMs / 1000} s`
  const cause = 'cause' in error ? error.cause : undefined
  if (typeof cause === 'object' && cause !== null && 'code' in cause) return String(cause.code)
  return 'message' in error ? String(error.message) : String(error)
}
