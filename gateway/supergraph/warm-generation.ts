import type { OperationText } from '../planning/prepared-operation.ts'
import type { Generation } from './generation.ts'

export type Warming = {
  /** The first are planned first. */
  operations: readonly OperationText[]
  /** Where they wait to be planned. */
  lane: symbol
  /** Ends it: nobody will use the generation. */
  signal: AbortSignal
}

/**
 * Plans and compiles operations before anybody asks for them; resolves when all are done, and whatever comes of it. What
 * is no longer valid is found out as well: asking for it again is then cheap.
 */
export async function warmGeneration(
  { planner, executor }: Pick<Generation, 'planner' | 'executor'>,
  { operations, lane, signal }: Warming,
): Promise<void> {
  const warm = async (text: OperationText) => {
    const prepared = await planner.prepare({ ...text, lane, signal })
    if (prepared.ok) executor.warm(prepared.operation)
  }
  await Promise.allSettled(operations.map(warm))
}
