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
import { onlySource, type Place } from './places.ts'
import { dataOf, readerOf, typeNamed, typenameReaderOf } from './read-key.ts'
import { type Fetched, type FetchedValue, isFetched, newFetched } from './run.ts'
import { compileLeaf, type WriteValue } from './write-leaf.ts'

/** Writes an object of the answer, or some members of one, as JSON. @throws {HandOver} */
export type WriteObject = (object: Fetched) => string

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
  const write = writeAll(groupByLink(members).map((group) => compileGroup(group, writing)))
  return keepingTexts((object) => `{${write(object)}}`, writing)
}

/** Writes `"key":value`. Given what the link has, or without one the object itself. */
type Member = { link: number | null; write: WriteObject }

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
    return { link: null, write: () => text }
  }
  const field = type.getFields()[node.name.value]
  if (!field) throw new HandOver('Introspection is not fetched.')
  const key = fetchedKey(node)
  const selectionSets = nodes.flatMap(({ selectionSet }) => selectionSet ?? [])
  const child = place.children.get(key)
  const selected = child && selectionSets.length > 0 ? { place: child, selectionSets } : null
  const writeValue = compileValue(field.type, selected, writing)
  const [source, ...others] = place.sources.get(key) ?? []
  if (source && others.length === 0) {
    const { link, slot } = source
    return { link, write: (data) => prefix + writeValue(data.values[slot]) }
  }
  const read = readerOf(place, key)
  return { link: null, write: (object) => prefix + writeValue(read(object)) }
}

type Group = { link: number | null; members: WriteObject[] }

function groupByLink(members: readonly Member[]): Group[] {
  const groups: Group[] = []
  for (const { link, write } of members) {
    const last = groups.at(-1)
    if (last && last.link === link) last.members.push(write)
    else groups.push({ link, members: [write] })
  }
  return groups
}

const nothing = newFetched(0)

function compileGroup({ link, members }: Group, writing: Writing): WriteObject {
  const write = writeAll(members)
  if (link === null) return write
  const writeOnce = keepingTexts(write, writing)
  return (object) => {
    const data = dataOf(object, link)
    return data ? writeOnce(data) : write(nothing)
  }
}

/** What comes from one object is written once, however often the object is met. */
function keepingTexts(write: WriteObject, { nextText }: Writing): WriteObject {
  const number = nextText()
  return (object) => {
    const known = object.texts[number]
    if (known !== undefined) return flattened(known)
    const text = write(object)
    object.texts[number] = text
    return text
  }
}

/**
 * The same text, in one piece: the engine keeps a sum of strings as a tree until somebody asks for a character. What is
 * met again and again is better walked through once, than each time that the whole answer is put together.
 */
function flattened(text: string): string {
  if (text.charCodeAt(0) === 0) throw new HandOver('JSON does not begin like this.')
  return text
}

function writeAll(members: readonly WriteObject[]): WriteObject {
  const [only, ...others] = members
  if (only && others.length === 0) return only
  return (object) => {
    let text = ''
    for (const write of members) text += text === '' ? write(object) : `,${write(object)}`
    return text
  }
}

/** For values of `type`, missing ones too. `selected` is null for a leaf, and for objects that no fetch brings. */
function compileValue(type: GraphQLOutputType, selected: Selected | null, writing: Writing): WriteValue {
  if (isNonNullType(type)) {
    const write = compilePresent(type.ofType, selected, writing)
    return (value) => {
      if (value === null || value === undefined) throw new HandOver('A value is missing that cannot be null.')
      return write(value)
    }
  }
  const write = compilePresent(type, selected, writing)
  return (value) => (value === null || value === undefined ? 'null' : write(value))
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
  return (value) => {
    if (!isFetched(value)) throw new HandOver('A value is where an object should be.')
    return write(value)
  }
}

function compileList(write: WriteValue): WriteValue {
  return (value) => {
    let text = ''
    for (const element of elementsOf(value)) text += text === '' ? write(element) : `,${write(element)}`
    return `[${text}]`
  }
}

/** A list of leaves is text, as any leaf is. */
function elementsOf(value: FetchedValue): readonly FetchedValue[] {
  if (Array.isArray(value)) return value
  const elements: unknown = typeof value === 'string' && value.startsWith('[') ? JSON.parse(value) : null
  if (!Array.isArray(elements)) throw new HandOver('A value is where a list should be.')
  return elements.map((element) => (element === null ? null : JSON.stringify(element)))
}

/** Writers for the possible types, made when the first object of the type comes. */
function compileAbstract(type: GraphQLAbstractType, selected: Selected, writing: Writing): WriteObject {
  const { schema, supergraph } = writing
  const typenameOf = typenameReaderOf(selected.place, supergraph)
  const writers = new Map<string, WriteObject>()
  return (object) => {
    const typename = typeNamed(typenameOf(object) ?? '')
    let write = writers.get(typename)
    if (!write) {
      const objectType = schema.getType(typename)
      if (!isObjectType(objectType) || !schema.isSubType(type, objectType)) {
        throw new HandOver('An object is of no type that it may have here.')
      }
      write = compileObject(objectType, selected, writing)
      writers.set(typename, write)
    }
    return write(object)
  }
}
