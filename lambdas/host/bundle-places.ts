import { SourceMap } from 'node:module'
import { LRUCache } from 'lru-cache'
import type { TrellisError } from '../../foundation/errors.ts'
import type { Place } from '../../foundation/find-in-files.ts'
import { LambdaFailure } from '../isolates/lambda-failure.ts'

/** What stands before the map of a bundle, which is its last line: its author's files are in it by name, not by content. */
const mapMark = '\n//# sourceMappingURL=data:application/json;base64,'
/** As bundles name the files that were submitted. */
const submitted = 'plugin:'
/** As isolates name the script of a bundle. */
const frame = /\bplugin\.js:(\d{1,7}):(\d{1,7})/g

const read = new LRUCache<string, SourceMap>({ max: 20 })

/** What runs of a bundle. */
export function scriptOf(bundle: string): string {
  const end = bundle.lastIndexOf(mapMark)
  return end < 0 ? bundle : bundle.slice(0, end + 1)
}

/** Where in the author's files a lambda failed; null where it is not its code that threw, or that cannot be said. */
export function placeOfError(bundle: string, error: TrellisError): Place | null {
  return error instanceof LambdaFailure ? placeIn(bundle, error.trace) : null
}

/**
 * Where in the author's files an error was thrown, or else from where it was called; null where that cannot be said.
 *
 * @param trace the error's stack, as an isolate tells it: any text
 */
export function placeIn(bundle: string, trace: string): Place | null {
  const map = mapOf(bundle)
  if (!map) return null
  for (const [, line, column] of trace.matchAll(frame)) {
    const place = originalPlace(map, Number(line) - 1, Number(column) - 1)
    if (place) return place
  }
  return null
}

/**
 * Tells where in the author's files what begins at an offset of the script does. From the first offset to the last: it
 * counts lines as it goes.
 */
export function createPlaceAt(bundle: string): (offset: number) => Place | null {
  const map = mapOf(bundle)
  let [line, begin, next] = [0, 0, bundle.indexOf('\n')]
  return (offset) => {
    for (; next >= 0 && next < offset; next = bundle.indexOf('\n', begin)) {
      line += 1
      begin = next + 1
    }
    return map && originalPlace(map, line, offset - begin)
  }
}

/** Both count from 0, in the script. */
function originalPlace(map: SourceMap, line: number, column: number): Place | null {
  const entry = map.findEntry(line, column)
  // What comes closest to a place that is none is of another line.
  if (!('originalSource' in entry) || entry.generatedLine !== line) return null
  if (!entry.originalSource.startsWith(submitted)) return null
  return { file: entry.originalSource.slice(submitted.length), line: entry.originalLine + 1 }
}

function mapOf(bundle: string): SourceMap | null {
  const known = read.get(bundle)
  if (known) return known
  const at = bundle.lastIndexOf(mapMark)
  if (at < 0) return null
  const map = new SourceMap(JSON.parse(Buffer.from(bundle.slice(at + mapMark.length), 'base64').toString()))
  read.set(bundle, map)
  return map
}
