import {
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isNonNullType,
  isObjectType,
} from 'graphql'
import type { FetchNode, RequiredField, RequiredSelection } from '../planning/query-plan.ts'
import { mergeValue } from './merge.ts'
import {
  absenceReason,
  emptyObject,
  FailedField,
  isResponseObject,
  type ResponseObject,
  type ResponseValue,
} from './response-data.ts'
import { applyRewrites } from './rewrites.ts'
import { fitsTypeCondition } from './type-condition.ts'

export type Representations = {
  /** What is sent, each entity once. */
  values: ResponseObject[]
  /** For each of `values` the objects of the answer it stands for. */
  entities: ResponseObject[][]
  /** Objects that cannot be asked about, because something that must be sent along could not be fetched itself. */
  blocked: { entity: ResponseObject; cause: FailedField }[]
}

type Requirement = Pick<FetchNode, 'requires' | 'inputRewrites'>

/** How `entities` are named to a subgraph. One whose key is missing is left out: its fields stay null. */
export function representEntities(
  entities: readonly ResponseObject[],
  { requires = [], inputRewrites }: Requirement,
  supergraph: GraphQLSchema,
): Representations {
  const found: Representations = { values: [], entities: [], blocked: [] }
  const indexes = new Map<string, number>()
  for (const entity of entities) {
    const representation = project(entity, requires, { supergraph, staticType: undefined })
    if (representation instanceof FailedField) {
      found.blocked.push({ entity, cause: representation })
      continue
    }
    if (typeof representation?.__typename !== 'string') continue
    applyRewrites(representation, inputRewrites, supergraph)
    const identity = JSON.stringify(representation)
    const index = indexes.get(identity)
    if (index === undefined) {
      indexes.set(identity, found.values.length)
      found.values.push(representation)
      found.entities.push([entity])
    } else {
      found.entities[index]?.push(entity)
    }
  }
  return found
}

type Projection = {
  supergraph: GraphQLSchema
  /** The type the object has by its place, where it does not tell one itself. */
  staticType: GraphQLNamedType | undefined
}

/** The selected part of `source`; null when something is missing that cannot be null, the failure when it failed. */
function project(
  source: ResponseObject,
  selections: readonly RequiredSelection[],
  { supergraph, staticType }: Projection,
): ResponseObject | FailedField | null {
  const typename = source.__typename
  const type = (typeof typename === 'string' ? supergraph.getType(typename) : undefined) ?? staticType
  const result = emptyObject()
  for (const selection of selections) {
    const part = projectSelection(source, selection, { supergraph, staticType: type })
    if (part === null || part instanceof FailedField) return part
    for (const key of Object.keys(part)) result[key] = mergeValue(result[key], part[key], supergraph)
  }
  return result
}

function projectSelection(
  source: ResponseObject,
  selection: RequiredSelection,
  projection: Projection,
): ResponseObject | FailedField | null {
  if (selection.kind === 'Field') {
    const value = projectField(source, selection, projection)
    if (value === undefined) return null
    return value instanceof FailedField ? value : objectWith(selection.alias ?? selection.name, value)
  }
  const { typeCondition, selections } = selection
  const { supergraph, staticType } = projection
  const fits = !typeCondition || (staticType && fitsTypeCondition(supergraph, staticType.name, typeCondition))
  return fits ? project(source, selections, projection) : emptyObject()
}

function objectWith(key: string, value: ResponseValue): ResponseObject {
  const object = emptyObject()
  object[key] = value
  return object
}

/** Undefined where the field is missing and may not be null. */
function projectField(
  source: ResponseObject,
  field: RequiredField,
  { supergraph, staticType }: Projection,
): ResponseValue | undefined {
  const key = field.alias ?? field.name
  const value = source[key] === undefined ? source[absenceReason] : source[key]
  const type = isObjectType(staticType) || isInterfaceType(staticType) ? staticType : undefined
  const fieldType = type?.getFields()[field.name]?.type
  if (value === undefined) return !fieldType || isNonNullType(fieldType) ? undefined : null
  return projectValue(value, field.selections, {
    supergraph,
    staticType: fieldType ? getNamedType(fieldType) : undefined,
  })
}

function projectValue(
  value: ResponseValue,
  selections: readonly RequiredSelection[] | undefined,
  projection: Projection,
): ResponseValue | undefined {
  if (isResponseObject(value) && selections) return project(value, selections, projection) ?? undefined
  if (!Array.isArray(value)) return value
  const elements: ResponseValue[] = []
  for (const element of value) {
    const projected = projectValue(element, selections, projection)
    if (projected === undefined || projected instanceof FailedField) return projected
    elements.push(projected)
  }
  return elements
}
