import type { JWK } from 'jose'

/**
 * How a module instance makes itself known: `PUT <gateway>/modules/<name>/instances/<instance id>` with
 * `authorization: Bearer <module credential>` and this body. The same call renews the lease; `DELETE` ends it.
 *
 * `PUT <gateway>/modules/<name>/clients/<client>/sdl` with `{ "sdl": … }` shows that client another schema in place of the
 * common one, until `DELETE` takes it back. Both are refused (422) where a client would not compose, or its plugin would lose
 * what it uses: the first twenty reasons, each with the client, and how many there are.
 *
 * The lambda host registers in the same way, under the name `lambdas`, with an empty SDL. That of a module is never empty (400).
 */
export type ModuleRegistration = {
  /** The module's Federation 2 SDL. */
  sdl: string
  /** The version of the code, for operators to read. */
  version: string
  /** Where the gateway reaches this instance: `POST <url>/graphql`, WebSocket `<url>/graphql`, `GET <url>/health/live`. */
  url: string
  /** The public keys of the access tokens this module issues; only the users module has any. */
  tokenKeys?: JWK[]
}

export type RegistrationReply = {
  /** Renew well before this has passed, or the instance is taken to be gone. */
  leaseSeconds: number
}
