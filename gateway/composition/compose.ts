import type { Composition, SubgraphSource } from './compose-for-client.ts'

export type ComposeOptions = {
  /** Of a partner's key: only what they allow is left. @default null: all of it */
  tags?: readonly string[] | null | undefined
  /** What waits in one lane takes turns with the other lanes. @default one of its own */
  lane?: symbol | undefined
}

/**
 * Composes off the event loop. Pure as `composeForClient` is, and total but for the end of the process' threads.
 *
 * @throws when no thread can be had
 */
export type Compose = (sources: readonly SubgraphSource[], options?: ComposeOptions) => Promise<Composition>
