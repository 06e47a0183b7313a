import type { PositionedEvent } from '../event-row.ts'
import type { LogPage } from './log-page.ts'

/** The newest event that passes of those between two positions, and how many that pass were left out before it. */
export type Skipped = { newest: PositionedEvent | null; leftOut: number }

export type SkipRequest = {
  after: number
  upTo: number
  /** @returns null when it is time to stop */
  readPage(after: number): Promise<LogPage | null>
  passes(event: PositionedEvent): Promise<boolean>
}

/** Reads what a subscriber that fell behind is not given, for its exact number; it holds one page at a time. */
export async function skipAhead({ after, upTo, readPage, passes }: SkipRequest): Promise<Skipped> {
  const skipped: Skipped = { newest: null, leftOut: 0 }
  let position = after
  while (position < upTo) {
    const page = await readPage(position)
    if (!page) break
    for (const event of page.events) {
      if (!(await passes(event))) continue
      if (skipped.newest) skipped.leftOut += 1
      skipped.newest = event
    }
    position = page.isLast ? upTo : (page.events.at(-1)?.position ?? upTo)
  }
  return skipped
}
