import { HandOver } from './hand-over.ts'
import { onlySource, type Place } from './places.ts'
import { type Fetched, isFetched, linkedEntity, type Run } from './run.ts'

/** Every distinct object at `place`, in order. To be asked once all that leads there has been fetched. */
export function objectsAt(place: Place, run: Run): readonly Fetched[] {
  const known = run.objects[place.index]
  if (known) return known
  const found: Fetched[] = []
  if (!place.parent) found.push(run.root)
  else {
    const { key } = place.parent
    for (const holder of holdersOf(place, run)) gather(holder[key], found)
  }
  run.objects[place.index] = found
  return found
}

/** The objects that have the place's objects under its key: those of the parent, or what was linked to them. */
function holdersOf(place: Place, run: Run): readonly Fetched[] {
  const { parent } = place
  if (!parent) return []
  const objects = objectsAt(parent.place, run)
  const link = onlySource(place)
  if (link === null) return objects
  const mark = ++run.marks
  const holders: Fetched[] = []
  for (const object of objects) {
    const entity = linkedEntity(object, link)
    if (!entity?.data || entity.mark === mark) continue
    entity.mark = mark
    holders.push(entity.data)
  }
  return holders
}

function gather(value: unknown, found: Fetched[]): void {
  if (value === null || value === undefined) return
  if (Array.isArray(value)) for (const element of value) gather(element, found)
  else if (isFetched(value)) found.push(value)
  else throw new HandOver('A value is where an object should be.')
}
