import {
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isNonNullType,
  isObjectType,
} from 'graphql'
import type { DataRewrite, RequiredField, RequiredSelection } from '../../planning/query-plan.ts'
import { fitsTypeCondition } from '../type-condition.ts'
import { HandOver } from './hand-over.ts'
import type { Place } from './places.ts'
import { type Read, readerOf, typeNamed, typenameReaderOf } from './read-key.ts'
import { type Fetched, type FetchedValue, isFetched } from './run.ts'

/** Writes an object's representation; undefined when something is missing that cannot be null. */
export type WriteRepresentation = (object: Fetched) => string | undefined

type Write = (value: FetchedValue) => string | undefined

type Requirement = {
  requires: readonly RequiredSelection[]
  inputRewrites: readonly DataRewrite[]
  supergraph: GraphQLSchema
}

/** For objects at `place`, as `representEntities` does it. An object that does not tell its type has no representation. */
export function compileRepresentation(
  place: Place,
  { requires, inputRewrites, supergraph }: Requirement,
): WriteRepresentation {
  const projection = { place, selections: requires, supergraph }
  const typenameOf = typenameReaderOf(place, supergraph)
  const writers = new Map<string, WriteRepresentation>()
  return (object) => {
    const typename = typenameOf(object)
    if (typename === undefined) return undefined
    let write = writers.get(typename)
    if (!write) {
      write = compileEntity(typeNamed(typename), projection, inputRewrites)
      writers.set(typename, write)
    }
    return write(object)
  }
}

type Projection = { place: Place; selections: readonly RequiredSelection[]; supergraph: GraphQLSchema }

function compileEntity(
  typename: string,
  projection: Projection,
  inputRewrites: readonly DataRewrite[],
): WriteRepresentation {
  const type = projection.supergraph.getType(typename)
  if (!type) throw new HandOver('A subgraph names a type that nobody knows.')
  const fields = compileFields(type, projection)
  if (!fields.has('__typename')) return () => undefined
  let asType = typename
  for (const rewrite of inputRewrites) {
    if (!appliesTo(asType, rewrite, projection.supergraph)) continue
    const key = rewrite.path.at(-1) ?? ''
    if (rewrite.kind === 'ValueSetter') {
      if (key === '__typename') asType = String(rewrite.setValueTo)
      const text = JSON.stringify(rewrite.setValueTo)
      fields.set(key, () => text)
    } else {
      const write = fields.get(key)
      if (!write) continue
      fields.set(rewrite.renameKeyTo, write)
      fields.delete(key)
    }
  }
  return writeObject(fields)
}

/** Only keys of the entity itself are rewritten here. */
function appliesTo(typename: string, { path }: DataRewrite, supergraph: GraphQLSchema): boolean {
  return path.slice(0, -1).every((step) => {
    if (!step.startsWith('... on ')) throw new HandOver('A rewrite reaches into an entity.')
    return fitsTypeCondition(supergraph, typename, step.slice('... on '.length))
  })
}

/** Each with its key, in order, for objects of `type`. */
function compileFields(
  type: GraphQLNamedType | undefined,
  projection: Projection,
): Map<string, WriteRepresentation> {
  const { supergraph, place } = projection
  const required = new Map<string, RequiredField>()
  const collect = (selections: readonly RequiredSelection[]): void => {
    for (const selection of selections) {
      if (selection.kind === 'Field') {
        const key = selection.alias ?? selection.name
        const earlier = required.get(key)
        required.set(key, earlier?.selections ? joinSelections(earlier, selection) : selection)
      } else if (fits(type, selection.typeCondition, supergraph)) collect(selection.selections)
    }
  }
  collect(projection.selections)
  return new Map([...required].map(([key, field]) => [key, compileField(field, { place, type, supergraph })]))
}

function joinSelections(one: RequiredField, other: RequiredField): RequiredField {
  return { ...one, selections: [...(one.selections ?? []), ...(other.selections ?? [])] }
}

function fits(
  type: GraphQLNamedType | undefined,
  condition: string | undefined,
  supergraph: GraphQLSchema,
): boolean {
  return !condition || (type !== undefined && fitsTypeCondition(supergraph, type.name, condition))
}

type FieldPlace = { place: Place; type: GraphQLNamedType | undefined; supergraph: GraphQLSchema }

function compileField(field: RequiredField, { place, type, supergraph }: FieldPlace): WriteRepresentation {
  const key = field.alias ?? field.name
  const read: Read = key === '__typename' ? typenameReaderOf(place, supergraph) : readerOf(place, key)
  const fieldType =
    isObjectType(type) || isInterfaceType(type) ? type.getFields()[field.name]?.type : undefined
  const missing = !fieldType || isNonNullType(fieldType) ? undefined : 'null'
  const child = place.children.get(key)
  const write: Write =
    field.selections && child
      ? compileNested(
          { place: child, selections: field.selections, supergraph },
          fieldType && getNamedType(fieldType),
        )
      : writeLeaf
  return (object) => {
    const value = read(object)
    return value === undefined ? missing : write(value)
  }
}

/** A leaf is its text already. */
function writeLeaf(value: FetchedValue): string {
  if (value === null) return 'null'
  if (typeof value !== 'string') throw new HandOver('An object is where a leaf should be.')
  return value
}

/** Objects within a representation, in lists or not. They are of the type they tell, or else of the type of their field. */
function compileNested(projection: Projection, staticType: GraphQLNamedType | undefined): Write {
  const { place, supergraph } = projection
  const typenameOf = typenameReaderOf(place, supergraph)
  const writers = new Map<GraphQLNamedType | undefined, WriteRepresentation>()
  const write: Write = (value) => {
    if (value === null || value === undefined) return 'null'
    if (Array.isArray(value)) return writeList(value, write)
    if (!isFetched(value)) throw new HandOver('A value is where an object should be.')
    const typename = typenameOf(value)
    const type = (typename === undefined ? undefined : supergraph.getType(typeNamed(typename))) ?? staticType
    let writeFields = writers.get(type)
    if (!writeFields) {
      writeFields = writeObject(compileFields(type, projection))
      writers.set(type, writeFields)
    }
    return writeFields(value)
  }
  return write
}

function writeList(values: readonly FetchedValue[], write: Write): string | undefined {
  const texts: string[] = []
  for (const value of values) {
    const text = write(value)
    if (text === undefined) return undefined
    texts.push(text)
  }
  return `[${texts.join()}]`
}

function writeObject(fields: ReadonlyMap<string, WriteRepresentation>): WriteRepresentation {
  const members = [...fields].map(([key, write]) => ({ prefix: `${JSON.stringify(key)}:`, write }))
  return (object) => {
    let text = ''
    for (const { prefix, write } of members) {
      const value = write(object)
      if (value === undefined) return undefined
      text += text === '' ? prefix + value : `,${prefix}${value}`
    }
    return `{${text}}`
  }
}
