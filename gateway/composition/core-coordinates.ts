import {
  type DefinitionNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  Kind,
  print,
} from 'graphql'
import { hasDirective, typeName } from './core-types.ts'

/** What an operation can use of the modules of a client, by schema coordinate: `User.name`, `Query.user(id:)`, `Role.ADMIN`. */
export type CoreCoordinates = ReadonlyMap<string, CoreMember>

export type CoreMember =
  | { kind: 'field'; type: string }
  /** An argument, or a field of an input object. `holder`: the coordinate of what it is given to. */
  | { kind: 'input'; type: string; isRequired: boolean; holder: string }
  | { kind: 'value' }

/** Reads what clients see of modules out of their SDL. What is hidden in one of them is in none. */
export function readCoordinates(modules: readonly { typeDefs: DocumentNode }[]): CoreCoordinates {
  const members = new Map<string, CoreMember>()
  const hidden = new Set<string>()
  for (const node of modules.flatMap(({ typeDefs }) => typeDefs.definitions)) {
    const type = typeName(node)
    if (type === null) continue
    if ('directives' in node && isHidden(node)) hidden.add(type)
    for (const [coordinate, member, isSeen] of membersOf(node, type)) {
      if (!isSeen) hidden.add(coordinate)
      if (!members.has(coordinate)) members.set(coordinate, member)
    }
  }
  for (const coordinate of members.keys())
    if (partsOf(coordinate).some((part) => hidden.has(part))) members.delete(coordinate)
  return members
}

type Entry = [coordinate: string, member: CoreMember, isSeen: boolean]

function membersOf(node: DefinitionNode, type: string): Entry[] {
  switch (node.kind) {
    case Kind.OBJECT_TYPE_DEFINITION:
    case Kind.OBJECT_TYPE_EXTENSION:
    case Kind.INTERFACE_TYPE_DEFINITION:
    case Kind.INTERFACE_TYPE_EXTENSION:
      return (node.fields ?? [])
        .filter((field) => !hasDirective(field, 'external'))
        .flatMap((field) => membersOfField(field, `${type}.${field.name.value}`))
    case Kind.INPUT_OBJECT_TYPE_DEFINITION:
    case Kind.INPUT_OBJECT_TYPE_EXTENSION:
      return (node.fields ?? []).map((field) => [
        `${type}.${field.name.value}`,
        { kind: 'input', ...given(field), holder: type },
        !isHidden(field),
      ])
    case Kind.ENUM_TYPE_DEFINITION:
    case Kind.ENUM_TYPE_EXTENSION:
      return (node.values ?? []).map((value) => [
        `${type}.${value.name.value}`,
        { kind: 'value' },
        !isHidden(value),
      ])
    default:
      return []
  }
}

function membersOfField(field: FieldDefinitionNode, coordinate: string): Entry[] {
  return [
    [coordinate, { kind: 'field', type: print(field.type) }, !isHidden(field)],
    ...(field.arguments ?? []).map(
      (argument): Entry => [
        `${coordinate}(${argument.name.value}:)`,
        { kind: 'input', ...given(argument), holder: coordinate },
        !isHidden(argument),
      ],
    ),
  ]
}

function given({ type, defaultValue }: InputValueDefinitionNode) {
  return { type: print(type), isRequired: type.kind === Kind.NON_NULL_TYPE && !defaultValue }
}

function isHidden(node: Parameters<typeof hasDirective>[0]): boolean {
  return hasDirective(node, 'inaccessible') || hasDirective(node, 'federation__inaccessible')
}

/** `Query`, `Query.user` and `Query.user(id:)` of the last. */
function partsOf(coordinate: string): string[] {
  return [coordinate, coordinate.replace(/\(.*/, ''), coordinate.replace(/\..*/, '')]
}
