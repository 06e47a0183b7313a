import type { PlatformEvent } from '../../../events/catalogue/platform-event.ts'
import type { ClientViewer } from '../../../foundation/viewer.ts'
import type { GraphRights } from './ask-graph.ts'

/** Why lambdas of a client run, and for whom. */
export type Caller = {
  client: string
  viewer: ClientViewer
  /** How many lambdas stand between whoever began this and these. */
  depth: number
  /** The caller's own rights; null: nobody calls, an event is handled. */
  rights: GraphRights | null
  /** What is handled. */
  event?: PlatformEvent
}
