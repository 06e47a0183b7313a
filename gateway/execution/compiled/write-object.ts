import {
  type FieldNode,
  type GraphQLAbstractType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type SelectionSetNode,
} from 'graphql'
import { fetchedKey } from '../../planning/private-aliases.ts'
import { collectFields, type Selecting } from './collect-fields.ts'
import { HandOver } from './hand-over.ts'
import { onlySource, type Place, type Source } from './places.ts'
import { readerOf, typenameReaderOf } from './read-key.ts'
import { type Fetched, isFetched, linkedEntity, type Run } from './run.ts'
import { compileLeaf, type WriteValue } from './write-leaf.ts'

/** Writes an object of the answer, or some members of one, as JSON. @throws {HandOver} */
export type WriteObject = (object: Fetched, run: Run) => string

export type Writing = Selecting & {
  supergraph: GraphQLSchema
  /** Numbers the texts that entities keep. */
  nextText(): number
}

/** What is written of the objects at a place. */
export type Selected = { place: Place; selectionSets: readonly SelectionSetNode[] }

/** For objects of `type`. */
export function compileObject(type: GraphQLObjectType, selected: Selected, writing: Writing): WriteObject {
  const { place } = selected
  const fields = [...collectFields(selected.selectionSets, type, writing)]
  const members = fields.map(([key, nodes]) => compileMember(key, nodes, { type, place, writing }))
  const write = writeAll(groupBySource(members).map((group) => compileGroup(group, writing)))
  return (object, run) => `{${write(object, run)}}`
}

/** Writes `"key":value`. Given what the source has; the object itself where there is no one source. */
type Member = { source: Source; write: WriteObject }

type Owner = { type: GraphQLObjectType; place: Place; writing: Writing }

function compileMember(
  responseKey: string,
  nodes: readonly FieldNode[],
  { type, place, writing }: Owner,
): Member {
  const [node] = nodes
  if (!node) throw new HandOver('A field is selected by nobody.')
  const prefix = `${JSON.stringify(responseKey)}:`
  if (node.name.value === '__typename') {
    const text = `${prefix}${JSON.stringify(type.name)}`
    return { source: null, write: () => text }
  }
  const field = type.getFields()[node.name.value]
  if (!field) throw new HandOver('Introspection is not fetched.')
  const key = fetchedKey(node)
  const selectionSets = nodes.flatMap(({ selectionSet }) => selectionSet ?? [])
  const child = place.children.get(key)
  const selected = child && selectionSets.length > 0 ? { place: child, selectionSets } : null
  const writeValue = compileValue(field.type, selected, writing)
  const [source = null, ...others] = place.sources.get(key) ?? []
  if (others.length === 0) return { source, write: (data, run) => prefix + writeValue(data[key], run) }
  const read = readerOf(place, key)
  return { source: null, write: (object, run) => prefix + writeValue(read(object), run) }
}

type Group = { source: Source; members: WriteObject[] }

function groupBySource(members: readonly Member[]): Group[] {
  const groups: Group[] = []
  for (const { source, write } of members) {
    const last = groups.at(-1)
    if (last && last.source === source) last.members.push(write)
    else groups.push({ source, members: [write] })
  }
  return groups
}

const nothing: Fetched = Object.freeze({})

/** What comes from one entity is written once, however often the entity is met. */
function compileGroup({ source, members }: Group, writing: Writing): WriteObject {
  const write = writeAll(members)
  if (source === null) return write
  const number = writing.nextText()
  return (object, run) => {
    const entity = linkedEntity(object, source)
    if (!entity?.data) return write(nothing, run)
    const known = entity.texts[number]
    if (known !== undefined) return known
    const text = write(entity.data, run)
    entity.texts[number] = text
    return text
  }
}

function writeAll(members: readonly WriteObject[]): WriteObject {
  const [only, ...others] = members
  if (only && others.length === 0) return only
  return (object, run) => {
    let text = ''
    for (const write of members) text += text === '' ? write(object, run) : `,${write(object, run)}`
    return text
  }
}

/** For values of `type`, missing ones too. `selected` is null for a leaf, and for objects that no fetch brings. */
function compileValue(type: GraphQLOutputType, selected: Selected | null, writing: Writing): WriteValue {
  if (isNonNullType(type)) {
    const write = compilePresent(type.ofType, selected, writing)
    return (value, run) => {
      if (value === null || value === undefined) throw new HandOver('A value is missing that cannot be null.')
      return write(value, run)
    }
  }
  const write = compilePresent(type, selected, writing)
  return (value, run) => (value === null || value === undefined ? 'null' : write(value, run))
}

function compilePresent(type: GraphQLOutputType, selected: Selected | null, writing: Writing): WriteValue {
  if (isListType(type)) return compileList(compileValue(type.ofType, selected, writing))
  if (isLeafType(type)) return compileLeaf(type)
  if (isNonNullType(type)) return compilePresent(type.ofType, selected, writing)
  if (!selected) {
    return () => {
      throw new HandOver('An object comes that no fetch asks for.')
    }
  }
  onlySource(selected.place)
  const write = isObjectType(type)
    ? compileObject(type, selected, writing)
    : compileAbstract(type, selected, writing)
  return (value, run) => {
    if (!isFetched(value)) throw new HandOver('A value is where an object should be.')
    return write(value, run)
  }
}

function compileList(write: WriteValue): WriteValue {
  return (value, run) => {
    if (!Array.isArray(value)) throw new HandOver('A value is where a list should be.')
    let text = ''
    for (const element of value) text += text === '' ? write(element, run) : `,${write(element, run)}`
    return `[${text}]`
  }
}

/** Writers for the possible types, made when the first object of the type comes. */
function compileAbstract(type: GraphQLAbstractType, selected: Selected, writing: Writing): WriteObject {
  const { schema, supergraph } = writing
  const typenameOf = typenameReaderOf(selected.place, supergraph)
  const writers = new Map<string, WriteObject>()
  return (object, run) => {
    const typename = typenameOf(object) ?? ''
    let write = writers.get(typename)
    if (!write) {
      const objectType = schema.getType(typename)
      if (!isObjectType(objectType) || !schema.isSubType(type, objectType)) {
        throw new HandOver('An object is of no type that it may have here.')
      }
      write = compileObject(objectType, selected, writing)
      writers.set(typename, write)
    }
    return write(object, run)
  }
}
