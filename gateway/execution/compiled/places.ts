import { type FieldNode, Kind, type OperationDefinitionNode, parse, type SelectionSetNode } from 'graphql'
import type { FetchGraph, FetchPart, FetchStep } from '../../planning/fetch-graph.ts'
import { renamePath } from '../rewrites.ts'
import { HandOver } from './hand-over.ts'

/** Where a value is found: in what the fetch behind a link brought for the object, or (null) in the object itself. */
export type Source = symbol | null

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
  /** Under which the objects of a part have what was brought for them. */
  linkOf(part: FetchPart): symbol
  at(path: FetchPart['paths'][number]): Place
}

/** Lays out the answer that the fetches of `graph` bring together. */
export function layOutPlaces(graph: FetchGraph): Places {
  let count = 0
  const newPlace = (parent: Place['parent']): Place => ({
    index: count++,
    parent,
    sources: new Map(),
    children: new Map(),
  })
  const childOf = (place: Place, key: string): Place => {
    const child = place.children.get(key) ?? newPlace({ place, key })
    place.children.set(key, child)
    return child
  }
  const add = (place: Place, selectionSet: SelectionSetNode, origin: Origin): void => {
    for (const { field, keys } of fieldsOf(selectionSet, origin)) {
      for (const key of keys) {
        const sources = place.sources.get(key) ?? []
        if (!sources.includes(origin.source)) place.sources.set(key, [...sources, origin.source])
        const path = [...origin.path, key]
        if (field.selectionSet)
          add(childOf(place, key), field.selectionSet, { ...origin, source: null, path })
      }
    }
  }
  const root = newPlace(null)
  const at: Places['at'] = (path) =>
    path.filter((step) => step !== '@').reduce<Place>((place, key) => childOf(place, String(key)), root)
  const links = new Map<FetchPart, symbol>()
  const linkOf: Places['linkOf'] = (part) => {
    const link = links.get(part) ?? Symbol(part.fetch.serviceName)
    links.set(part, link)
    return link
  }
  for (const step of graph.steps) {
    for (const part of step.parts) {
      const selectionSet = selectionOf(step, part)
      for (const path of part.paths) add(at(path), selectionSet, { source: linkOf(part), path: [], part })
    }
  }
  return { root, linkOf, at }
}

type Origin = { source: Source; path: readonly string[]; part: FetchPart }

/** Fields whatever their type conditions, each under the keys it may have once it is received. */
function fieldsOf(
  { selections }: SelectionSetNode,
  { path, part }: Origin,
): { field: FieldNode; keys: string[] }[] {
  return selections.flatMap((selection) => {
    switch (selection.kind) {
      case Kind.FIELD: {
        const key = selection.alias?.value ?? selection.name.value
        const renamed = String(renamePath([...path, key], part.fetch.outputRewrites).at(-1))
        return [{ field: selection, keys: [...new Set([key, renamed])].map(harmless) }]
      }
      case Kind.INLINE_FRAGMENT:
        return fieldsOf(selection.selectionSet, { source: null, path, part })
      case Kind.FRAGMENT_SPREAD:
        throw new HandOver('A fetch has fragments of its own.')
      default:
        return selection satisfies never
    }
  })
}

/** Parsed JSON has a prototype: a key that is missing must be missing. */
function harmless(key: string): string {
  if (key in Object.prototype) throw new HandOver(`A key is called "${key}".`)
  return key
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
