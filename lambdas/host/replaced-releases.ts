import { repeatEvery } from '../../events/bus/repeat-every.ts'
import type { Close } from '../../foundation/closing.ts'
import type { PluginRegistry } from './plugin-registry.ts'
import type { OnCrossing } from './run-lambdas.ts'

export type ReplacedReleases = {
  note: OnCrossing
  close: Close
}

export type ReplacedReleasesOptions = {
  registry: Pick<PluginRegistry, 'pluginOf'>
  /** Of what is kept warm for a build; called again, it is made again. */
  letGo(client: string, digest: string): void
  /** For how long nobody has called a build that its client is not served any more, in ms. @default 5,000 */
  quietMs?: number
}

/**
 * Lets go of builds that have run and are not what their client is served now: an older release once its calls are over, and
 * one that was only tried. Not at the very moment of the change: gateways swap a moment apart, and an operation that began
 * before goes on with the release it began with.
 */
export function letGoOfReplaced({
  registry,
  letGo,
  quietMs = 5_000,
}: ReplacedReleasesOptions): ReplacedReleases {
  const usedAt = new Map<string, { client: string; digest: string; at: number }>()

  async function sweep(): Promise<void> {
    const before = performance.now() - quietMs
    for (const [name, { client, digest, at }] of usedAt) {
      if (at > before || registry.pluginOf(client).active?.digest === digest) continue
      usedAt.delete(name)
      letGo(client, digest)
    }
  }

  return {
    note({ client, digest }) {
      usedAt.set(`${client}/${digest}`, { client, digest, at: performance.now() })
    },
    close: repeatEvery(quietMs, sweep),
  }
}
