import { TrellisError } from '../../foundation/errors.ts'
import { type ClientViewer, isEditor, isGranted } from '../../foundation/viewer.ts'
import { CollectionAccess, Prisma } from '../../prisma/generated/data/client.ts'

/** What the rule of a collection is applied to: who made the record; null for a key. */
export type Owned = { createdBy: string | null }

/**
 * Editors, administrators and the client's server read and change all, and so does a plugin within its scopes; the
 * collection's rule is for the others. A partner is nobody in person, and changes nothing: it reads the collections that
 * everybody reads.
 */
export function mayReadRecord(viewer: ClientViewer, access: CollectionAccess, record: Owned): boolean {
  return readsEverything(viewer, access) || isCreator(viewer, record)
}

/** Whether the rule lets this viewer read the records of others. */
export function readsEverything(viewer: ClientViewer, access: CollectionAccess): boolean {
  return isEditor(viewer) || isPluginOfRecords(viewer) || (isBoundByRules(viewer) && access !== 'OWN')
}

/** A collection of which a partner may read nothing is not there for it; all others in the client know of each. */
export function collectionsInSight(viewer: ClientViewer): readonly CollectionAccess[] {
  const all = Object.values(CollectionAccess)
  return viewer.kind === 'PARTNER' ? all.filter((access) => readsEverything(viewer, access)) : all
}

/**
 * For a record that the viewer may read.
 * @throws {TrellisError} FORBIDDEN
 */
export function requireWritable(viewer: ClientViewer, access: CollectionAccess, record: Owned): void {
  if (isEditor(viewer) || isGranted(viewer, 'records:write') || isCreator(viewer, record)) return
  if (viewer.kind === 'USER' && access === 'WRITE') return
  throw new TrellisError('FORBIDDEN', 'Only the creator changes the records of this collection.')
}

/** The same as `mayReadRecord`, as a condition on the rows of one collection. */
export function readableToSql(viewer: ClientViewer, access: CollectionAccess): Prisma.Sql {
  if (readsEverything(viewer, access)) return Prisma.sql`TRUE`
  return viewer.kind === 'USER' ? Prisma.sql`"record"."created_by" = ${viewer.userId}` : Prisma.sql`FALSE`
}

/** Names what the viewer sees of a collection, in the names of lists: whoever sees something else needs other cursors. */
export function visibilityOf(viewer: ClientViewer, access: CollectionAccess): string {
  if (readsEverything(viewer, access)) return 'all'
  return viewer.kind === 'USER' ? `user:${viewer.userId}` : 'none'
}

/** Whoever changes a record sees it: as it was before the change, and in the answer. */
function isPluginOfRecords(viewer: ClientViewer): boolean {
  return isGranted(viewer, 'records:read') || isGranted(viewer, 'records:write')
}

function isBoundByRules({ kind }: ClientViewer): boolean {
  return kind === 'USER' || kind === 'PARTNER'
}

function isCreator(viewer: ClientViewer, record: Owned): boolean {
  return viewer.kind === 'USER' && viewer.userId === record.createdBy
}
