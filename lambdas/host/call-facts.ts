import type { ClientViewer } from '../../foundation/viewer.ts'

/** What is known of a call inside the isolate, beside what its lambdas are to do. */
export type CallFacts = {
  viewer: ShownViewer
  /** Names of the flags that are on for this viewer. */
  flags: readonly string[]
}

/** Who is calling, as a plugin sees it: no client, no session, nothing that could be presented anywhere. */
export type ShownViewer = {
  kind: ClientViewer['kind']
  userId?: string
  roles?: readonly string[]
  keyId?: string
}
