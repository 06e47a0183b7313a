/**
 * What a lambda host says of a build: `GET <host>/clients/<client>/builds/<digest>/stats` answers `{ stats: LambdaStats[] }`.
 * Since that host has started; of several hosts they are added up.
 */
export type LambdaStats = {
  /** `User.loyaltyTier`, `rule:Mutation.createRecord`, `on:data.record.created` */
  name: string
  invocations: number
  /** Invocations that failed, for one object or for all. */
  errors: number
  /** How many took how long: foundation/latency-buckets.ts. */
  buckets: number[]
  /** Heap of the isolate after the last one, megabytes. */
  memoryMb: number
}
