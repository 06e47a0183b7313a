import { TrellisError } from '../foundation/errors.ts'
import { type ClientViewer, isAdmin, isEditor, isGranted, type PluginViewer } from '../foundation/viewer.ts'

export type Person = Extract<ClientViewer, { kind: 'USER' }>

/**
 * Whoever may see things of the client in general: its users, its own server, and its plugin where it was granted the
 * scope of the thing. A page without a user may not.
 */
export type Member = Extract<ClientViewer, { kind: 'USER' | 'SERVER' | 'PLUGIN' }>

/** Whoever may read things of the client in general: besides members a partner, whose contract has them. */
export type Reader = Member | Extract<ClientViewer, { kind: 'PARTNER' }>

/** What an operator can let a client's plugin do in its own name; without it, and for all else, it is refused. */
export type Scope =
  | 'records:read'
  | 'records:write'
  | 'users:read'
  | 'notify'
  | 'analytics:read'
  | 'analytics:write'

/** Fields about "me". @throws {TrellisError} FORBIDDEN for keys: they belong to no person */
export function requirePerson(viewer: ClientViewer): Person {
  if (viewer.kind === 'USER') return viewer
  throw new TrellisError('FORBIDDEN', 'This needs a signed-in user; a key belongs to no person.')
}

/** @throws {TrellisError} FORBIDDEN unless a signed-in user, the client's own server, or its plugin with the scope asks */
export function requireMember(viewer: ClientViewer, scope?: Scope): Member {
  if (viewer.kind === 'PLUGIN') return requireScope(viewer, scope)
  if (viewer.kind === 'USER' || viewer.kind === 'SERVER') return viewer
  throw new TrellisError('FORBIDDEN', 'This key may not do this; sign in first.')
}

/** @throws {TrellisError} FORBIDDEN unless a member asks, or a partner, whose schema has the field */
export function requireReader(viewer: ClientViewer, scope?: Scope): Reader {
  return viewer.kind === 'PARTNER' ? viewer : requireMember(viewer, scope)
}

/** @throws {TrellisError} FORBIDDEN unless analytics are for the viewer, see `mayReadAnalytics` */
export function requireAnalyst(viewer: ClientViewer): Reader {
  if (viewer.kind === 'PLUGIN') return requireScope(viewer, 'analytics:read')
  if (!mayReadAnalytics(viewer)) throw new TrellisError('FORBIDDEN', 'This needs the role EDITOR or ADMIN.')
  return requireReader(viewer)
}

/** Analytics are for editors and administrators, for a partner, whose contract has them, and for a plugin with the scope. */
export function mayReadAnalytics(viewer: ClientViewer): boolean {
  return viewer.kind === 'PARTNER' || isEditor(viewer) || isGranted(viewer, 'analytics:read')
}

/** @throws {TrellisError} FORBIDDEN unless an EDITOR, an ADMIN or the client's own server asks */
export function requireEditor(viewer: ClientViewer): Member {
  if (!isEditor(viewer)) throw new TrellisError('FORBIDDEN', 'This needs the role EDITOR or ADMIN.')
  return requireMember(viewer)
}

/** @throws {TrellisError} FORBIDDEN unless an ADMIN, the client's own server, or its plugin with the scope asks */
export function requireAdmin(viewer: ClientViewer, scope?: Scope): Member {
  if (viewer.kind === 'PLUGIN') return requireScope(viewer, scope)
  if (!isAdmin(viewer)) throw new TrellisError('FORBIDDEN', 'This needs the role ADMIN.')
  return requireMember(viewer)
}

function requireScope(viewer: PluginViewer, scope: Scope | undefined): PluginViewer {
  if (scope && isGranted(viewer, scope)) return viewer
  throw new TrellisError(
    'FORBIDDEN',
    scope ? `The plugin was not granted ${scope}.` : 'A plugin may not do this in its own name.',
  )
}

/** Whoever may ask for sessions: a page that has nobody signed in yet, and those who may see things anyway. */
export function requireSignInAllowed(viewer: ClientViewer): void {
  if (viewer.kind !== 'FRONTEND') requireMember(viewer)
}

/** Whether the viewer is this user in person, or may see what only that user and administrators see. */
export function isSelfOrAdmin(viewer: ClientViewer, userId: string): boolean {
  return isAdmin(viewer) || (viewer.kind === 'USER' && viewer.userId === userId)
}
