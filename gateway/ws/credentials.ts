import type { IncomingHttpHeaders } from 'node:http'
import { actorOf } from '../../foundation/viewer.ts'
import type { Credentials, Identity } from '../access/authenticate.ts'

type Parameters = Readonly<Record<string, unknown>>

/** Credentials come as parameters alone. Other headers may also be those of the upgrade, which a browser cannot set. */
export function readSocketCredentials(params: Parameters, headers: IncomingHttpHeaders): Credentials {
  const { apiKey, authorization } = params
  return {
    apiKey: readCredential(apiKey),
    authorization: readCredential(authorization),
    header: (name) => readCredential(Object.hasOwn(params, name) ? params[name] : headers[name]),
  }
}

/** Something other than text is a credential that fails, not one that is missing. */
function readCredential(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : ''
}

/** A ping with credentials in it presents fresh ones; any other is just a ping. */
export function hasCredentials(payload: Parameters | null | undefined): payload is Parameters {
  return payload?.authorization !== undefined || payload?.apiKey !== undefined
}

/** Whether both name the same one: a socket may be renewed, but not handed over. */
export function isSamePerson({ viewer: one }: Identity, { viewer: other }: Identity): boolean {
  if (one === null || other === null) return one === other
  return nameOf(one) === nameOf(other)
}

function nameOf(viewer: NonNullable<Identity['viewer']>): string {
  const client = viewer.kind === 'OPERATOR' ? null : viewer.client
  return JSON.stringify([viewer.kind, client, actorOf(viewer)])
}

/** Whether both are answered alike: with other roles, the same person may see something else. */
export function isAnsweredAlike(one: Identity, other: Identity): boolean {
  return seenAs(one) === seenAs(other)
}

function seenAs({ viewer, forwarded, depth }: Identity): string {
  return JSON.stringify([viewer, forwarded, depth])
}
