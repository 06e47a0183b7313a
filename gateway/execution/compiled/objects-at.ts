import { HandOver } from './hand-over.ts'
import { onlySource, type Place } from './places.ts'
import { dataOf } from './read-key.ts'
import type { Fetched, FetchedValue, Run } from './run.ts'

/** Every distinct object at `place`, in order. To be asked once all that leads there has been fetched. */
export function objectsAt(place: Place, run: Run): readonly Fetched[] {
  const known = run.objects[place.index]
  if (known) return known
  const found = place.parent ? objectsBelow(place, place.parent.place, run) : [run.root]
  run.objects[place.index] = found
  return found
}

function objectsBelow(place: Place, parent: Place, run: Run): Fetched[] {
  const { link, slot } = onlySource(place)
  const holders = objectsAt(parent, run)
  const search = { mark: ++run.marks, found: [] }
  for (const holder of holders) gather(dataOf(holder, link)?.values[slot], search)
  return search.found
}

function gather(value: FetchedValue, search: { mark: number; found: Fetched[] }): void {
  if (value === null || value === undefined) return
  if (typeof value === 'string') throw new HandOver('A value is where an object should be.')
  if (Array.isArray(value)) {
    for (const element of value) gather(element, search)
  } else if (value.mark !== search.mark) {
    value.mark = search.mark
    search.found.push(value)
  }
}
