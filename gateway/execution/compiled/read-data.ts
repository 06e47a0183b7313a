import type { SubgraphResponse } from '../../transports/subgraph-fetch.ts'
import { copyOf } from '../response-data.ts'
import { HandOver } from './hand-over.ts'
import { type Fetched, isFetched, type Run } from './run.ts'

/**
 * The data of an answer without errors, as objects that are the run's own.
 *
 * @throws {HandOver} for any other answer
 */
export function readData({ text, data, errors }: SubgraphResponse, run: Run): Fetched {
  const read = text === undefined ? { data: copyOf(data ?? null), errors } : parse(text)
  if (!isFetched(read) || read.errors !== undefined || !isFetched(read.data)) {
    throw new HandOver('A subgraph answers with errors.')
  }
  // Without a backslash in all the text no string in it has anything that JSON escapes.
  run.isPlain &&= text !== undefined && !text.includes('\\')
  return read.data
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new HandOver('A subgraph answers something that is not JSON.')
  }
}
