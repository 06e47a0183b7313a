import {
  type ASTNode,
  type DefinitionNode,
  type DirectiveNode,
  type DocumentNode,
  GraphQLError,
  Kind,
  type ObjectTypeDefinitionNode,
  type ObjectTypeExtensionNode,
  parse,
  visit,
} from 'graphql'
import type { CoreTypes } from './core-types.ts'

/** A fault in a plugin's SDL. `line` counts from 1, in the SDL's own text. */
export type SdlFault = { code: string; message: string; line: number | null }

export type CheckedSdl = { document: DocumentNode; faults: SdlFault[] }

const maxSdlChars = 256_000
const rootTypes: ReadonlySet<string> = new Set(['Query', 'Mutation', 'Subscription'])
const allowedDirectives: ReadonlySet<string> = new Set([
  'key',
  'requires',
  'provides',
  'external',
  'shareable',
  'deprecated',
  'specifiedBy',
  'oneOf',
])
const reservedName = /^_|^federation__|^link__/
const builtInScalars: ReadonlySet<string> = new Set(['DateTime', 'JSON'])

/**
 * The rules a plugin's SDL has to keep before it is composed: composition itself would let a plugin hide, loosen or
 * silently narrow what the core guards. Pure; every fault has its code and line.
 *
 * @param core the types of the core modules
 */
export function checkSdl(sdl: string, core: CoreTypes): CheckedSdl {
  const empty: DocumentNode = { kind: Kind.DOCUMENT, definitions: [] }
  if (sdl.length > maxSdlChars)
    return {
      document: empty,
      faults: [
        { code: 'SDL_TOO_LARGE', message: `The SDL has more than ${maxSdlChars} characters.`, line: null },
      ],
    }
  try {
    const document = parse(sdl)
    return {
      document,
      faults: [
        ...document.definitions.flatMap((node) => definitionFaults(node, core)),
        ...directiveFaults(document),
      ],
    }
  } catch (error) {
    // The parser calls itself for each level of nesting: what is nested without end exhausts the stack.
    if (error instanceof RangeError)
      return {
        document: empty,
        faults: [{ code: 'SDL_SYNTAX', message: 'The SDL is nested too deeply.', line: null }],
      }
    if (!(error instanceof GraphQLError)) throw error
    return {
      document: empty,
      faults: [{ code: 'SDL_SYNTAX', message: error.message, line: error.locations?.[0]?.line ?? null }],
    }
  }
}

function definitionFaults(node: DefinitionNode, core: CoreTypes): SdlFault[] {
  switch (node.kind) {
    case Kind.OBJECT_TYPE_DEFINITION:
    case Kind.OBJECT_TYPE_EXTENSION:
      return [...nameFaults(node, node.name.value), ...objectFaults(node, core)]
    case Kind.SCALAR_TYPE_DEFINITION:
      return builtInScalars.has(node.name.value) ? [] : coreFaults(node, node.name.value, core)
    case Kind.ENUM_TYPE_DEFINITION:
    case Kind.ENUM_TYPE_EXTENSION:
    case Kind.INPUT_OBJECT_TYPE_DEFINITION:
    case Kind.INPUT_OBJECT_TYPE_EXTENSION:
    case Kind.INTERFACE_TYPE_DEFINITION:
    case Kind.INTERFACE_TYPE_EXTENSION:
    case Kind.UNION_TYPE_DEFINITION:
    case Kind.UNION_TYPE_EXTENSION:
    case Kind.SCALAR_TYPE_EXTENSION:
      return coreFaults(node, node.name.value, core)
    case Kind.DIRECTIVE_DEFINITION:
    case Kind.DIRECTIVE_EXTENSION:
      return [fault(node, 'DIRECTIVE_DEFINED', `A plugin defines no directives: @${node.name.value}.`)]
    case Kind.SCHEMA_DEFINITION:
    case Kind.SCHEMA_EXTENSION:
      return [
        fault(node, 'SCHEMA_NOT_ALLOWED', 'The platform adds the schema and its @link; leave them out.'),
      ]
    case Kind.OPERATION_DEFINITION:
    case Kind.FRAGMENT_DEFINITION:
      return [fault(node, 'NOT_A_DEFINITION', 'typeDefs holds type definitions only.')]
    default:
      node satisfies never
      return []
  }
}

/** Composition would silently narrow a core enum or input to what both sides have; nothing but entities may be told twice. */
function coreFaults(node: ASTNode, name: string, core: CoreTypes): SdlFault[] {
  if (!core.names.has(name)) return nameFaults(node, name)
  return [
    fault(
      node,
      'CORE_TYPE_REDECLARED',
      `${name} belongs to the core; use it as it is, or choose another name.`,
    ),
  ]
}

function objectFaults(node: ObjectTypeDefinitionNode | ObjectTypeExtensionNode, core: CoreTypes): SdlFault[] {
  const name = node.name.value
  if (name === 'Subscription')
    return [fault(node, 'NOT_AVAILABLE_YET', 'Subscription fields of plugins are not available yet.')]
  if (!core.names.has(name) && !rootTypes.has(name)) return []
  if (!rootTypes.has(name) && !core.entities.has(name))
    return [
      fault(
        node,
        'CORE_TYPE_REDECLARED',
        `${name} belongs to the core and is no entity: it cannot be extended.`,
      ),
    ]
  const keys = new Set(
    (node.directives ?? []).filter((directive) => directive.name.value === 'key').flatMap(keyFields),
  )
  if (!rootTypes.has(name) && keys.size === 0)
    return [fault(node, 'ENTITY_WITHOUT_KEY', `Extend ${name} with its @key, as the core does.`)]
  return (node.fields ?? []).flatMap((field) => {
    const fieldName = field.name.value
    const external = field.directives?.some((directive) => directive.name.value === 'external')
    if (reservedName.test(fieldName)) return nameFaults(field, fieldName)
    if (external || keys.has(fieldName) || !core.fields.has(`${name}.${fieldName}`)) return []
    return [
      fault(
        field,
        'CORE_FIELD_REDECLARED',
        `${name}.${fieldName} belongs to the core; mark it @external to require it.`,
      ),
    ]
  })
}

function directiveFaults(document: DocumentNode): SdlFault[] {
  const faults: SdlFault[] = []
  visit(document, {
    Directive(node) {
      const name = node.name.value
      if (name === 'override')
        faults.push(fault(node, 'OVERRIDE_NOT_ALLOWED', 'The core marks no field as replaceable yet.'))
      else if (!allowedDirectives.has(name))
        faults.push(fault(node, 'DIRECTIVE_NOT_ALLOWED', `A plugin may not use @${name}.`))
    },
  })
  return faults
}

function nameFaults(node: ASTNode, name: string): SdlFault[] {
  return reservedName.test(name) ? [fault(node, 'NAME_RESERVED', `The name ${name} is reserved.`)] : []
}

function keyFields(directive: DirectiveNode): string[] {
  const fields = directive.arguments?.find((argument) => argument.name.value === 'fields')?.value
  return fields?.kind === Kind.STRING ? fields.value.split(/[\s{},]+/).filter(Boolean) : []
}

function fault(node: ASTNode, code: string, message: string): SdlFault {
  return { code, message, line: node.loc?.startToken.line ?? null }
}

/** The scalars of the platform that the SDL uses and does not declare: an author need not. */
export function missingScalars(document: DocumentNode): string[] {
  const declared = new Set(
    document.definitions.flatMap((node) =>
      node.kind === Kind.SCALAR_TYPE_DEFINITION ? [node.name.value] : [],
    ),
  )
  const used = new Set<string>()
  visit(document, {
    enter(node) {
      if (node.kind === Kind.NAMED_TYPE) used.add(node.name.value)
    },
  })
  return [...builtInScalars].filter((name) => used.has(name) && !declared.has(name))
}
