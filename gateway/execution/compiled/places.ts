import { type FieldNode, Kind, type OperationDefinitionNode, parse, type SelectionSetNode } from 'graphql'
import type { FetchGraph, FetchPart, FetchStep } from '../../planning/query-plan.ts'
import { renamePath } from '../rewrites.ts'
import { HandOver } from './hand-over.ts'
import { addMember, newShape, type Shape } from './shapes.ts'

/** Where a value is found: in what the fetch behind a link brought for the object, or (null) in the object itself. */
export type Source = { link: number | null; slot: number }

/** A place in the answer that objects stand at, lists or not, and which fetches bring what there. */
export type Place = {
  index: number
  parent: { place: Place; key: string } | null
  /** By response key. */
  sources: Map<string, Source[]>
  children: Map<string, Place>
}

export type Places = {
  root: Place
  at(path: FetchPart['paths'][number]): Place
  partOf(part: FetchPart): LaidOutPart
}

export type LaidOutPart = {
  /** Under which objects have what the fetch brought for them. */
  link: number
  /** What it brings for each. */
  shape: Shape
}

/** Lays out the answer that the fetches of `graph` bring together. */
export function layOutPlaces({ steps }: FetchGraph): Places {
  const parts = new Map<FetchPart, LaidOutPart>()
  const root = newPlace(null, 0)
  let count = 1
  const childOf = (place: Place, key: string): Place => {
    const child = place.children.get(key) ?? newPlace({ place, key }, count++)
    place.children.set(key, child)
    return child
  }
  const add = (place: Place, selectionSet: SelectionSetNode, origin: Origin): void => {
    for (const field of fieldsOf(selectionSet)) {
      const wireKey = (field.alias ?? field.name).value
      const path = [...origin.path, wireKey]
      const key = String(renamePath(path, origin.part.fetch.outputRewrites).at(-1))
      const member = addMember(origin.shape, key, { wireKey, isLeaf: !field.selectionSet })
      addSource(place, key, { link: origin.link, slot: member.slot })
      if (!field.selectionSet || !member.shape) continue
      add(childOf(place, key), field.selectionSet, { ...origin, link: null, path, shape: member.shape })
    }
  }
  const at: Places['at'] = (path) =>
    path.filter((step) => step !== '@').reduce<Place>((place, key) => childOf(place, String(key)), root)
  for (const step of steps) {
    for (const part of step.parts) {
      const laidOut = { link: parts.size, shape: newShape() }
      parts.set(part, laidOut)
      for (const path of part.paths) add(at(path), selectionOf(step, part), { ...laidOut, part, path: [] })
    }
  }
  return {
    root,
    at,
    partOf(part) {
      const laidOut = parts.get(part)
      if (!laidOut) throw new HandOver('A part is of no step.')
      return laidOut
    },
  }
}

type Origin = { link: number | null; shape: Shape; path: readonly string[]; part: FetchPart }

function newPlace(parent: Place['parent'], index: number): Place {
  return { index, parent, sources: new Map(), children: new Map() }
}

function addSource(place: Place, key: string, source: Source): void {
  const sources = place.sources.get(key) ?? []
  const isKnown = sources.some(({ link, slot }) => link === source.link && slot === source.slot)
  if (!isKnown) place.sources.set(key, [...sources, source])
}

/** Whatever their type conditions. */
function fieldsOf({ selections }: SelectionSetNode): FieldNode[] {
  return selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [selection]
    if (selection.kind === Kind.INLINE_FRAGMENT) return fieldsOf(selection.selectionSet)
    throw new HandOver('A fetch has fragments of its own.')
  })
}

function selectionOf(step: FetchStep, part: FetchPart): SelectionSetNode {
  const operation = parse(step.operation, { noLocation: true }).definitions.find(
    (definition): definition is OperationDefinitionNode => definition.kind === Kind.OPERATION_DEFINITION,
  )
  if (!operation) throw new HandOver('A fetch has no operation.')
  if (!part.fetch.requires) return operation.selectionSet
  for (const selection of operation.selectionSet.selections) {
    if (selection.kind !== Kind.FIELD || !selection.selectionSet) continue
    if ((selection.alias ?? selection.name).value === part.entities) return selection.selectionSet
  }
  throw new HandOver('A fetch does not ask for its entities.')
}

/** The one source of what stands at `place`. Objects that two fetches bring parts of are merged by the reference. */
export function onlySource({ parent }: Place): Source {
  const sources = parent?.place.sources.get(parent.key) ?? []
  const [source] = sources
  if (source === undefined || sources.length > 1) throw new HandOver('An object comes from several fetches.')
  return source
}
