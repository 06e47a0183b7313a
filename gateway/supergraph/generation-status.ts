import { textHash } from '../composition/text-hash.ts'
import type { Running, Slot } from './generation-slot.ts'

/** A generation as operators see it. `leases` and `liveSubscriptions` are those of this process. */
export type GenerationStatus = {
  id: string
  client: string
  number: number
  /** SHA-256 of the supergraph, hexadecimal. */
  supergraphHash: string
  activatedAt: Date
  reason: string
  leases: number
  liveSubscriptions: number
}

export function readStatus(
  { subscribers }: Slot,
  { generation, activatedAt, leases }: Running,
): GenerationStatus {
  const { id, client, number, reason, supergraphSdl } = generation
  return {
    id,
    client,
    number,
    supergraphHash: textHash(supergraphSdl),
    activatedAt,
    reason,
    leases,
    liveSubscriptions: subscribers,
  }
}
