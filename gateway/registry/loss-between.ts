import { GraphQLError } from 'graphql'
import type { CoreCoordinates } from '../composition/core-coordinates.ts'
import { coordinatesOfCore, coreOf } from '../composition/core-of.ts'
import type { CoreTypes } from '../composition/core-types.ts'
import type { ClientGraph } from '../supergraph/client-graph.ts'

/** What a change takes from those who use the modules of a client. */
export type Loss = {
  /** Types, and fields of the types that stay, which no module would have any more: `User`, `Mutation.createRecord`. */
  gone: ReadonlySet<string>
  /** What an operation that uses them would meet, by schema coordinate: `would be gone`. */
  changed: ReadonlyMap<string, string>
}

export const wouldBeGone = 'would be gone'

/** Null where it takes nothing, and where what is there is not known. */
export function lossBetween(before: ClientGraph, after: ClientGraph): Loss | null {
  const had = readCore(before)
  const has = readCore(after)
  if (!had || !has || had === has) return null
  const { gone, changed } = lossOf(had, has, () => changedBetween(before, after))
  return gone.size + changed.size === 0 ? null : { gone, changed }
}

/** Of the same modules many clients lose the same. */
const lossesByModules = new WeakMap<CoreTypes, WeakMap<CoreTypes, Loss>>()

function lossOf(had: CoreTypes, has: CoreTypes, readChanged: () => Map<string, string>): Loss {
  const known = lossesByModules.get(had) ?? new WeakMap<CoreTypes, Loss>()
  lossesByModules.set(had, known)
  const found = known.get(has)
  if (found) return found
  const gone = goneFrom(had, has)
  const changed = readChanged()
  for (const name of gone) if (!name.includes('.')) changed.set(name, wouldBeGone)
  const loss = { gone, changed }
  known.set(has, loss)
  return loss
}

function goneFrom(had: CoreTypes, has: CoreTypes): ReadonlySet<string> {
  const gone = new Set<string>()
  for (const [type, { fields }] of had) {
    const left = has.get(type)
    // Root types come and go with their fields.
    if (!left && !rootTypes.has(type)) gone.add(type)
    else for (const field of fields.keys()) if (!left?.fields.has(field)) gone.add(`${type}.${field}`)
  }
  return gone
}

const rootTypes: ReadonlySet<string> = new Set(['Query', 'Mutation', 'Subscription'])

/** What is gone, is of another type, or requires what it did not: what used it would not be valid any more. */
function changedBetween(before: ClientGraph, after: ClientGraph): Map<string, string> {
  const had = coordinatesOfCore(before.modules)
  const has = coordinatesOfCore(after.modules)
  return new Map([...newlyRequired(had, has), ...changedMembers(had, has)])
}

function* changedMembers(had: CoreCoordinates, has: CoreCoordinates): Generator<[string, string]> {
  for (const [coordinate, was] of had) {
    const is = has.get(coordinate)
    if (!is) yield [coordinate, wouldBeGone]
    else if (was.kind === 'field' && is.kind === 'field' && nullable(was.type) !== nullable(is.type))
      yield [coordinate, `would be ${is.type} instead of ${was.type}`]
    else if (was.kind === 'input' && is.kind === 'input' && !takes(is.type, was.type))
      yield [coordinate, `would be ${is.type} instead of ${was.type}`]
  }
}

function* newlyRequired(had: CoreCoordinates, has: CoreCoordinates): Generator<[string, string]> {
  for (const [coordinate, is] of has) {
    const was = had.get(coordinate)
    const isNew = is.kind === 'input' && is.isRequired && !(was?.kind === 'input' && was.isRequired)
    if (isNew) yield [is.holder, `would require "${coordinate}"`]
  }
}

/** Whoever is given what may not be null takes it as what may be. */
function nullable(type: string): string {
  return type.replaceAll('!', '')
}

/** Whether whatever is of the one type is of the other, too: `String!` is what `String` takes. */
function takes(type: string, given: string): boolean {
  if (type.endsWith('!')) return given.endsWith('!') && takes(type.slice(0, -1), given.slice(0, -1))
  if (given.endsWith('!')) return takes(type, given.slice(0, -1))
  if (type.startsWith('[') && given.startsWith('[')) return takes(type.slice(1, -1), given.slice(1, -1))
  return type === given
}

/** What does not parse is a fault of composition. */
function readCore({ modules }: ClientGraph): CoreTypes | null {
  try {
    return coreOf(modules)
  } catch (error) {
    if (error instanceof GraphQLError) return null
    throw error
  }
}
