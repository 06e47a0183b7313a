import { createRemoteJWKSet } from 'jose'
import { TrellisError } from '../foundation/errors.ts'
import { createGatewayTokenVerifier } from '../foundation/gateway-token.ts'
import type { ClientViewer } from '../foundation/viewer.ts'

/** One operation, or one event of a subscription, as the gateway vouches for it. */
export type Call = {
  viewer: ClientViewer
  /** Aborted when nobody waits for the answer any more; ends what a subscription's resolver reads from. */
  signal: AbortSignal
  /** W3C trace context of the operation, for the events it writes; null without tracing. */
  traceparent: string | null
  /**
   * A resolver of a subscription says how to learn where its stream stands: the cursor before the first event that it has
   * not given, so that a subscription that breaks before any event, or long after one, can be gone on with.
   */
  tellPlaces?(place: () => string): void
}

export type CallCredentials = { token: string | undefined; traceparent: unknown }

/** @throws {TrellisError} UNAUTHENTICATED unless the gateway signed the call for this module and a client's viewer */
export type VerifyCall = (credentials: CallCredentials, signal: AbortSignal) => Promise<Call>

/**
 * A gateway that has just started signs with a key we have not seen. The keys are then fetched again, but not more
 * often than this, whatever strangers send.
 */
const keyRefetchMs = 1_000
/** W3C Trace Context: the version ff and ids of zeros are invalid. Events carry it, and must fit their envelope. */
const traceparentFormat = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

export function createCallVerifier(audience: string, gatewayUrl: string): VerifyCall {
  const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', gatewayUrl), {
    cooldownDuration: keyRefetchMs,
  })
  const verify = createGatewayTokenVerifier(audience, keys)
  return async ({ token, traceparent }, signal) => {
    const { viewer } = await verify(token)
    if (viewer.kind === 'OPERATOR') {
      throw new TrellisError('UNAUTHENTICATED', 'An operator belongs to no client and calls no module.')
    }
    const traced = typeof traceparent === 'string' && traceparentFormat.test(traceparent)
    return { viewer, signal, traceparent: traced ? traceparent : null }
  }
}
