/**
 * How long the bus keeps events. What a group has not handled is kept beyond that, up to `hardFactor` times as long or as
 * many: then it is lost to that group, and the log says so.
 */
export type Retention = {
  /** ms. @default 7 days */
  ageMs: number
  /** @default 2,000,000 */
  events: number
  /** @default 4 */
  hardFactor: number
}

export const defaultRetention: Retention = { ageMs: 7 * 24 * 3_600_000, events: 2_000_000, hardFactor: 4 }

export const trimEveryMs = 60_000
