import { Kind, parseType, type TypeNode } from 'graphql'

/**
 * A generated world: the types there are, which subgraph knows what of them, and nothing of federation's SDL. Both the
 * subgraphs and the one schema that holds everything are made of it.
 */
export type Model = {
  subgraphs: readonly string[]
  objects: ObjectType[]
  interfaces: InterfaceType[]
  unions: { name: string; members: string[] }[]
}

export type ObjectType = {
  name: string
  kind: 'root' | 'entity' | 'value'
  fields: Field[]
  /** The keys by which each subgraph that defines the type knows it; none for a value or a root. */
  homes: Map<string, Key[]>
}

export type Key = { fields: string; resolvable: boolean }

export type InterfaceType = {
  name: string
  implementers: string[]
  /** Candidates: a subgraph's interface has those of them that all its implementers have there. */
  fields: string[]
  /** Where it is an entity of its own (`@key(fields: "id")`), and the subgraph that has it as an interface object. */
  entity: { home: string; object: string } | null
}

export type Field = {
  name: string
  type: TypeNode
  args: Argument[]
  /** Its value tells which instance it is. */
  isKey: boolean
  /** The subgraphs that resolve it. */
  owners: Set<string>
  /** The subgraphs that only name it, for their `@requires` and `@provides`. */
  external: Set<string>
  /** A selection; the value depends on what it selects. */
  requires: string | null
  /** What an owner resolves of the entity behind the field. */
  provides: Map<string, string>
  /** A subgraph that does not own it resolves it where it `@provides` it. */
  isProvided: boolean
  /** The subgraph it was taken from. */
  overrides: string | null
  /** The interface whose interface object adds it to the type. */
  viaInterface: string | null
  isInaccessible: boolean
}

export type Argument = { name: string; type: string; defaultValue: string | null }

/** How many instances an entity has. */
export const instances = 4

export const colors = ['RED', 'GREEN', 'BLUE', 'SECRET']
export const inaccessibleColor = 'SECRET'
export const leaves = ['Int', 'Float', 'String', 'Boolean', 'ID', 'Color', 'Blob']

export function field(name: string, type: string, owners: Iterable<string>): Field {
  return {
    name,
    type: parseType(type),
    args: [],
    isKey: false,
    owners: new Set(owners),
    external: new Set(),
    requires: null,
    provides: new Map(),
    isProvided: false,
    overrides: null,
    viaInterface: null,
    isInaccessible: false,
  }
}

export function objectNamed({ objects }: Pick<Model, 'objects'>, name: string): ObjectType {
  const found = objects.find((object) => object.name === name)
  if (!found) throw new Error(`There is no object type ${name}.`)
  return found
}

export function findObject({ objects }: Pick<Model, 'objects'>, name: string): ObjectType | undefined {
  return objects.find((object) => object.name === name)
}

export function fieldNamed(object: ObjectType, name: string): Field {
  const found = object.fields.find((one) => one.name === name)
  if (!found) throw new Error(`There is no field ${object.name}.${name}.`)
  return found
}

export function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type)
}

export function interfaceNamed({ interfaces }: Model, name: string): InterfaceType | undefined {
  return interfaces.find((one) => one.name === name)
}

/** The object types behind a name: itself, implementers or members. */
export function objectsBehind(model: Model, name: string): string[] {
  const abstract = model.unions.find((union) => union.name === name)?.members
  return abstract ?? interfaceNamed(model, name)?.implementers ?? (findObject(model, name) ? [name] : [])
}

/** The object types a field may answer: those that everybody who resolves it knows. */
export function possibleTypes(model: Model, { type, owners }: Pick<Field, 'type' | 'owners'>): string[] {
  const name = namedType(type)
  const objectIn = interfaceNamed(model, name)?.entity?.object
  return objectsBehind(model, name).filter((object) =>
    [...owners].every((owner) => owner === objectIn || objectNamed(model, object).homes.has(owner)),
  )
}

/** Whether `subgraph` writes the field into its SDL under the type itself. */
export function isDeclaredIn(
  subgraph: string,
  { owners, external, overrides, viaInterface }: Field,
): boolean {
  if (viaInterface) return false
  return owners.has(subgraph) || external.has(subgraph) || overrides === subgraph
}

/** The fields that the interface, or the interface object, has in `subgraph`. */
export function interfaceFieldsIn(model: Model, type: InterfaceType, subgraph: string): Field[] {
  const implementers = type.implementers.map((name) => objectNamed(model, name))
  if (type.entity?.object === subgraph) {
    const fields = implementers[0]?.fields ?? []
    return fields.filter(
      ({ name, viaInterface, external }) =>
        name === 'id' || viaInterface === type.name || (type.fields.includes(name) && external.has(subgraph)),
    )
  }
  const here = implementers.filter(({ homes }) => homes.has(subgraph))
  const fields = here[0]?.fields ?? []
  return fields.filter(
    ({ name }) =>
      type.fields.includes(name) && here.every((object) => fieldNamed(object, name).owners.has(subgraph)),
  )
}
