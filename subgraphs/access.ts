import { TrellisError } from '../foundation/errors.ts'
import { type ClientViewer, isAdmin, isEditor } from '../foundation/viewer.ts'

export type Person = Extract<ClientViewer, { kind: 'USER' }>

/** Whoever may see things of the client in general: its users and its own server. A page without a user may not. */
export type Member = Extract<ClientViewer, { kind: 'USER' | 'SERVER' }>

/** Whoever may read things of the client in general: besides members a partner, whose contract has them. */
export type Reader = Extract<ClientViewer, { kind: 'USER' | 'SERVER' | 'PARTNER' }>

/** Fields about "me". @throws {TrellisError} FORBIDDEN for keys: they belong to no person */
export function requirePerson(viewer: ClientViewer): Person {
  if (viewer.kind === 'USER') return viewer
  throw new TrellisError('FORBIDDEN', 'This needs a signed-in user; a key belongs to no person.')
}

/** @throws {TrellisError} FORBIDDEN unless a signed-in user or the client's own server asks */
export function requireMember(viewer: ClientViewer): Member {
  if (viewer.kind === 'USER' || viewer.kind === 'SERVER') return viewer
  throw new TrellisError('FORBIDDEN', 'This key may not do this; sign in first.')
}

/** @throws {TrellisError} FORBIDDEN unless a member asks, or a partner, whose schema has the field */
export function requireReader(viewer: ClientViewer): Reader {
  return viewer.kind === 'PARTNER' ? viewer : requireMember(viewer)
}

/** @throws {TrellisError} FORBIDDEN unless analytics are for the viewer, see `mayReadAnalytics` */
export function requireAnalyst(viewer: ClientViewer): Reader {
  if (!mayReadAnalytics(viewer)) throw new TrellisError('FORBIDDEN', 'This needs the role EDITOR or ADMIN.')
  return requireReader(viewer)
}

/** Analytics are for editors and administrators, and for a partner, whose contract has them. */
export function mayReadAnalytics(viewer: ClientViewer): boolean {
  return viewer.kind === 'PARTNER' || isEditor(viewer)
}

/** @throws {TrellisError} FORBIDDEN unless an EDITOR, an ADMIN or the client's own server asks */
export function requireEditor(viewer: ClientViewer): Member {
  if (!isEditor(viewer)) throw new TrellisError('FORBIDDEN', 'This needs the role EDITOR or ADMIN.')
  return requireMember(viewer)
}

/** @throws {TrellisError} FORBIDDEN unless an ADMIN or the client's own server asks */
export function requireAdmin(viewer: ClientViewer): Member {
  if (!isAdmin(viewer)) throw new TrellisError('FORBIDDEN', 'This needs the role ADMIN.')
  return requireMember(viewer)
}

/** Whoever may ask for sessions: a page that has nobody signed in yet, and those who may see things anyway. */
export function requireSignInAllowed(viewer: ClientViewer): void {
  if (viewer.kind !== 'FRONTEND') requireMember(viewer)
}

/** Whether the viewer is this user in person, or may see what only that user and administrators see. */
export function isSelfOrAdmin(viewer: ClientViewer, userId: string): boolean {
  return isAdmin(viewer) || (viewer.kind === 'USER' && viewer.userId === userId)
}
