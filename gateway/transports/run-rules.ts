import type { Caller } from './subgraph-fetch.ts'

/** One root field about to run, and what it is about to run with. */
export type RuleCall = {
  /** `Mutation.createRecord` */
  coordinate: string
  /** Every argument that the field will be given, coerced, defaults filled in. */
  args: Readonly<Record<string, unknown>>
}

/** What a rule says: run it with these arguments; do not; or the rule itself failed, which refuses the field as well. */
export type RuleOutcome =
  | { args: unknown }
  /** The author's own code and words, for the caller's eyes. */
  | { reject: { code: string; message: string } }
  /** A code of the catalogue, `LAMBDA_…`. */
  | { error: { code: string; message: string } }

/**
 * The one way from the executor to the rules of a client's plugin. The viewer that rules see is the caller's.
 *
 * @returns one outcome for each call, in their order
 * @throws {TrellisError} LAMBDA_UNAVAILABLE: nobody could be asked; none of the fields may run
 * @throws the signal's reason once it is aborted
 */
export type RunRules = (
  calls: readonly RuleCall[],
  caller: Caller,
  signal: AbortSignal,
) => Promise<readonly RuleOutcome[]>

/** The rules of one release of a client's plugin. */
export type Rules = {
  /** Of the root fields that have a rule: `Mutation.createRecord`. */
  coordinates: ReadonlySet<string>
  run: RunRules
}
