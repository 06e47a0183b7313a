import { CloseCode } from 'graphql-ws'

/** Close codes of WebSocket itself (RFC 6455 and its registry). */
const goingAway = 1001
const policyViolation = 1008
const internalError = 1011
const tryAgainLater = 1013

export type Closing = { code: number; reason: string }

/** Every way in which this side closes a socket. docs/frontend.md has the list; a message that is too large is 1009, by ws. */
export const closings = {
  invalidMessage: { code: CloseCode.BadRequest, reason: 'Invalid message received' },
  notConnected: { code: CloseCode.Unauthorized, reason: 'Unauthorized' },
  otherProtocol: { code: CloseCode.SubprotocolNotAcceptable, reason: 'Subprotocol not acceptable' },
  notInitialised: {
    code: CloseCode.ConnectionInitialisationTimeout,
    reason: 'Connection initialisation timeout',
  },
  idInUse: (id: string) => ({
    code: CloseCode.SubscriberAlreadyExists,
    reason: `Subscriber for ${id} already exists`,
  }),
  initialisedTwice: {
    code: CloseCode.TooManyInitialisationRequests,
    reason: 'Too many initialisation requests',
  },
  /** The code of the error catalogue says why. */
  forbidden: (reason: string) => ({ code: CloseCode.Forbidden, reason }),
  goingAway: { code: goingAway, reason: 'The gateway is closing' },
  tooFast: { code: policyViolation, reason: 'RATE_LIMITED' },
  tooMany: { code: tryAgainLater, reason: 'TOO_MANY_CONNECTIONS' },
  failed: { code: internalError, reason: 'INTERNAL_SERVER_ERROR' },
} as const satisfies Record<string, Closing | ((detail: string) => Closing)>
