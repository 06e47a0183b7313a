import { GraphQLError, type GraphQLErrorOptions } from 'graphql'

/**
 * Every error code a caller can meet. Codes are stable: clients switch on them. `status` is the HTTP status where
 * the error is the whole answer (inside a partial answer the status stays 200). docs/errors.md is tested against it.
 */
export const errorCatalogue = {
  UNAUTHENTICATED: { status: 401, meaning: 'No credential, or one that is unknown, revoked or expired.' },
  CLIENT_MISMATCH: { status: 401, meaning: 'The key and the token sent together name different clients.' },
  TOKEN_EXPIRED: {
    status: 401,
    meaning: 'The access token has expired while a subscription was running; go on with a fresh one.',
  },
  FORBIDDEN: { status: 403, meaning: 'The viewer is known and may not do this.' },
  NOT_FOUND: { status: 404, meaning: 'There is no such thing, or it is not yours.' },
  NOT_AVAILABLE: { status: 403, meaning: 'What is asked for is not part of this installation.' },
  BAD_USER_INPUT: { status: 400, meaning: 'An argument is malformed or out of its range.' },
  VALIDATION_FAILED: {
    status: 400,
    meaning:
      'A record does not fit the JSON Schema of its collection; `extensions.violations` lists each broken rule.',
  },
  CONFLICT: {
    status: 409,
    meaning: 'The thing has changed since you read it; `extensions` carries its state now.',
  },
  IDEMPOTENCY_CONFLICT: { status: 409, meaning: 'The idempotency key was used before, with another input.' },
  INVALID_CREDENTIALS: { status: 401, meaning: 'The e-mail address and password do not match.' },
  REFRESH_TOKEN_INVALID: {
    status: 401,
    meaning: 'The refresh token is unknown, spent or expired; sign in again.',
  },
  CURSOR_INVALID: {
    status: 400,
    meaning: 'The cursor is forged, or belongs to another client or another list.',
  },
  CURSOR_OF_ANOTHER_STREAM: {
    status: 400,
    meaning: 'The cursor is a genuine one of another subscription: another field, collection or user.',
  },
  CURSOR_EXPIRED: {
    status: 410,
    meaning: 'The cursor is older than what the event log keeps; read the state and start anew.',
  },
  REPLAY_EXPIRED: {
    status: 410,
    meaning: 'The replay is to begin before the oldest event that the bus has kept.',
  },
  SUBGRAPH_UNAVAILABLE: { status: 503, meaning: 'The module that owns this field cannot be reached.' },
  SUBGRAPH_TIMEOUT: { status: 504, meaning: 'The module that owns this field did not answer in time.' },
  SUBGRAPH_INVALID_RESPONSE: {
    status: 502,
    meaning: 'The module that owns this field answered something that is not GraphQL.',
  },
  SUBSCRIPTION_INTERRUPTED: {
    status: 503,
    meaning: 'The module behind this subscription went away; subscribe again with the last cursor.',
  },
  SUBSCRIPTION_INVALIDATED: {
    status: 410,
    meaning:
      'The client schema has changed and this subscription is no longer valid in it; `extensions.errors` says why.',
  },
  TOO_MANY_OPERATIONS: {
    status: 429,
    meaning: 'More operations are under way on this connection than it may have.',
  },
  TOO_MANY_CONNECTIONS: {
    status: 429,
    meaning: 'More connections are open than this caller, or this gateway, may have; try again later.',
  },
  RATE_LIMITED: { status: 429, meaning: 'More was sent in a short time than is taken; slow down.' },
  NO_SCHEMA: {
    status: 503,
    meaning: 'No module of this client has registered yet, so there is no schema to query.',
  },
  CONTRACT_EMPTY: {
    status: 403,
    meaning: 'The tags of this partner key leave nothing of the client’s schema.',
  },
  REGISTRY_UNAVAILABLE: {
    status: 503,
    meaning:
      'The platform’s registry cannot be reached: operations go on, keys and settings can be neither changed nor listed. Try again.',
  },
  DATABASE_UNAVAILABLE: {
    status: 503,
    meaning:
      'The database of the module that owns this field, or of the plugins, is away or overloaded. Try again; no change is half done.',
  },
  PLAN_EMPTY: { status: 500, meaning: 'The operation is valid, and no way was found to answer it.' },
  OPERATION_TIMEOUT: { status: 504, meaning: 'The operation took longer than an operation may.' },
  OPERATION_TOO_COMPLEX: {
    status: 400,
    meaning: 'The operation is longer, deeper or wider than the platform plans; split it up.',
  },
  PLANNING_OVERLOADED: {
    status: 503,
    meaning: 'Too many operations that were never seen before wait to be planned; try again in a moment.',
  },
  UNSUPPORTED_DIRECTIVE: {
    status: 400,
    meaning: 'The operation needs @defer, @stream or @fromContext, which the platform does not serve.',
  },
  SCHEMA_REFUSED: {
    status: 409,
    meaning:
      'A client would not compose any more, or its plugin would lose what it uses; `extensions.errors` says what. An operator can insist: `force`.',
  },
  PLUGIN_INVALID: {
    status: 400,
    meaning: 'The plugin was refused; `extensions.errors` lists each fault with file and line.',
  },
  LAMBDA_CPU_EXCEEDED: { status: 500, meaning: 'A lambda of this client used up its CPU time.' },
  LAMBDA_TIMEOUT: { status: 504, meaning: 'A lambda of this client did not answer in time.' },
  LAMBDA_MEMORY_EXCEEDED: { status: 500, meaning: 'A lambda of this client used more memory than it may.' },
  LAMBDA_RESULT_TOO_LARGE: {
    status: 500,
    meaning: 'A lambda was given, or returned, more data than it may.',
  },
  LAMBDA_INVALID_RESULT: {
    status: 500,
    meaning: 'A batched lambda returned a list of the wrong length, or a lambda what its field cannot be.',
  },
  LAMBDA_FAILED: { status: 500, meaning: 'A lambda of this client threw an error.' },
  LAMBDA_HOST_CALLS_EXCEEDED: {
    status: 500,
    meaning: 'A lambda made more calls to the platform than one call may.',
  },
  LAMBDA_TOO_DEEP: { status: 500, meaning: 'Lambdas and graph called each other deeper than they may.' },
  RULE_INVALID_RESULT: {
    status: 500,
    meaning: 'A rule of this client answered arguments that do not fit the field; it was not run.',
  },
  LAMBDA_OVERLOADED: {
    status: 429,
    meaning: 'The lambdas of this client have used up their CPU time, and too many calls wait for more.',
  },
  LAMBDA_UNAVAILABLE: {
    status: 503,
    meaning: 'The process that runs the lambda ended; writes are not repeated.',
  },
  KV_VALUE_TOO_LARGE: {
    status: 413,
    meaning: 'A value that a plugin wants to keep is larger than a value may be.',
  },
  KV_FULL: { status: 507, meaning: 'A plugin keeps as many keys, or as much, as one client may.' },
  SECRET_UNREADABLE: {
    status: 500,
    meaning: 'A secret of a plugin was sealed with a key that the platform does not have; set it again.',
  },
  EVENT_TOO_LARGE: {
    status: 413,
    meaning: 'The data of an event that a plugin emits is larger than an event may carry.',
  },
  EVENT_LOOP: {
    status: 500,
    meaning: 'Events that a plugin causes by handling its own events went on for too many steps.',
  },
  EGRESS_NOT_GRANTED: {
    status: 403,
    meaning: 'A plugin called a host that no operator granted it, or left the protocol that was granted.',
  },
  EGRESS_ADDRESS_REFUSED: {
    status: 403,
    meaning: 'A host that a plugin called has an address that is not of the public internet.',
  },
  EGRESS_REDIRECTED: {
    status: 502,
    meaning: 'A host that a plugin called redirected more often than is followed.',
  },
  EGRESS_TOO_LARGE: {
    status: 413,
    meaning: 'What a plugin sent to a host, or got from it, is larger than it may be.',
  },
  EGRESS_TIMEOUT: { status: 504, meaning: 'A host that a plugin called did not answer in time.' },
  EGRESS_CERTIFICATE_REFUSED: {
    status: 502,
    meaning:
      'A host that a plugin called showed a certificate that is not its own, or that nobody known has signed.',
  },
  EGRESS_FAILED: {
    status: 502,
    meaning: 'A host that a plugin called could not be reached, or does not speak HTTP.',
  },
  INTERNAL_SERVER_ERROR: {
    status: 500,
    meaning: 'A fault of the platform; the log has it under the request id.',
  },
} as const satisfies Record<string, { status: number; meaning: string }>

export type ErrorCode = keyof typeof errorCatalogue

/** An error made for the caller's eyes: its message and extensions reach them as they are. All others are masked. */
export class TrellisError extends GraphQLError {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options: GraphQLErrorOptions = {}) {
    super(message, { ...options, extensions: { ...options.extensions, code } })
    this.name = 'TrellisError'
    this.code = code
  }
}
