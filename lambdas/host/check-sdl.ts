import {
  type ASTNode,
  type DefinitionNode,
  type DocumentNode,
  type FieldDefinitionNode,
  GraphQLError,
  type InputValueDefinitionNode,
  Kind,
  Lexer,
  parse,
  Source,
  TokenKind,
  visit,
} from 'graphql'
import { isStorableText } from '../../foundation/storable-text.ts'
import { type BuildLimits, defaultBuildLimits } from './build-limits.ts'
import { defaultLengths } from './default-values.ts'

/** A fault in a plugin's SDL. `line` counts from 1, in the SDL's own text. */
export type SdlFault = { code: string; message: string; line: number | null }

export type CheckedSdl = { document: DocumentNode; faults: SdlFault[] }

const maxDefinitions = 1_000
const maxFields = 5_000
const maxMembers = 10_000
/** Of all default values, written out. */
const maxDefaultChars = 20_000
/** What composing costs grows with their square. */
const maxOnOne = 20
const rootTypes: ReadonlySet<string> = new Set(['Query', 'Mutation', 'Subscription'])
const builtInScalars: ReadonlySet<string> = new Set(['Int', 'Float', 'String', 'Boolean', 'ID'])
const allowedDirectives: ReadonlySet<string> = new Set([
  'key',
  'requires',
  'external',
  'shareable',
  'override',
  'tag',
  'deprecated',
  'specifiedBy',
  'oneOf',
])

/**
 * The rules of form that a plugin's SDL has to keep, whatever its client's modules are. What it may do to them is judged
 * where it is composed with them (gateway/composition). Pure; every fault has its code and line.
 */
export function checkSdl(
  sdl: string,
  { sdlChars }: Pick<BuildLimits, 'sdlChars'> = defaultBuildLimits,
): CheckedSdl {
  if (sdl.length > sdlChars)
    return unread('SDL_TOO_LARGE', `The SDL has ${sdl.length} characters, and may have ${sdlChars}.`, null)
  if (!isStorableText(sdl)) return unread('SDL_SYNTAX', 'The SDL is not well-formed text, or has NUL.', null)
  try {
    // The parser wants a definition; a plugin of rules and handlers has none.
    const isEmpty = new Lexer(new Source(sdl)).advance().kind === TokenKind.EOF
    const document = isEmpty ? emptyDocument : parse(sdl)
    const sizes = [...sizeFaults(document), ...defaultFaults(document)]
    return { document, faults: [...sizes, ...document.definitions.flatMap(formFaults)] }
  } catch (error) {
    // The parser calls itself for each level of nesting: what is nested without end exhausts the stack.
    if (error instanceof RangeError) return unread('SDL_SYNTAX', 'The SDL is nested too deeply.', null)
    if (!(error instanceof GraphQLError)) throw error
    return unread('SDL_SYNTAX', error.message, error.locations?.[0]?.line ?? null)
  }
}

const emptyDocument: DocumentNode = { kind: Kind.DOCUMENT, definitions: [] }

function unread(code: string, message: string, line: number | null): CheckedSdl {
  return { document: emptyDocument, faults: [{ code, message, line }] }
}

/** What composing costs grows with these, and it is the platform that pays. */
function sizeFaults(document: DocumentNode): SdlFault[] {
  const { definitions } = document
  const fields = definitions.reduce(
    (sum, node) => sum + ('fields' in node && node.fields ? node.fields.length : 0),
    0,
  )
  const { members, crowded } = countMembers(document)
  if (definitions.length <= maxDefinitions && fields <= maxFields && members <= maxMembers) return crowded
  const message = `The SDL has more than ${maxDefinitions} definitions, ${maxFields} fields, or ${maxMembers} arguments, values and members.`
  return [{ code: 'SDL_TOO_LARGE', message, line: null }]
}

function countMembers(document: DocumentNode): { members: number; crowded: SdlFault[] } {
  let members = 0
  const crowded: SdlFault[] = []
  visit(document, {
    enter(node) {
      const directives = 'directives' in node ? (node.directives?.length ?? 0) : 0
      const interfaces = 'interfaces' in node ? (node.interfaces?.length ?? 0) : 0
      if (Math.max(directives, interfaces) > maxOnOne)
        crowded.push(
          fault(node, 'SDL_TOO_LARGE', `One thing has at most ${maxOnOne} directives, or interfaces.`),
        )
      if ('types' in node) members += node.types?.length ?? 0
      if (node.kind === Kind.INPUT_VALUE_DEFINITION || node.kind === Kind.ENUM_VALUE_DEFINITION) members += 1
    },
  })
  return { members, crowded }
}

function defaultFaults(document: DocumentNode): SdlFault[] {
  let chars = 0
  for (const [field, length] of defaultLengths(document, maxDefaultChars)) {
    chars += length
    if (chars > maxDefaultChars) {
      const message = `All default values have ${maxDefaultChars} characters at most, with what the types they are made of fill in.`
      return [fault(field, 'SDL_TOO_LARGE', message)]
    }
  }
  return []
}

/** The directives and names within a definition. */
function memberFaults(definition: DefinitionNode): SdlFault[] {
  const faults: SdlFault[] = []
  const member = (node: FieldDefinitionNode | InputValueDefinitionNode) => {
    if (node.name.value.startsWith('_')) faults.push(reserved(node, node.name.value))
  }
  visit(definition, {
    Directive(node) {
      const { value: name } = node.name
      if (name === 'provides')
        faults.push(
          fault(node, 'PROVIDES_NOT_ALLOWED', 'The fields of an entity are answered by whoever owns them.'),
        )
      else if (!allowedDirectives.has(name))
        faults.push(fault(node, 'DIRECTIVE_NOT_ALLOWED', `A plugin may not use @${name}.`))
    },
    FieldDefinition: member,
    InputValueDefinition: member,
  })
  return faults
}

function formFaults(node: DefinitionNode): SdlFault[] {
  switch (node.kind) {
    case Kind.OBJECT_TYPE_DEFINITION:
    case Kind.OBJECT_TYPE_EXTENSION:
      if (node.name.value === 'Subscription')
        return [fault(node, 'NOT_AVAILABLE_YET', 'Subscription fields of plugins are not available yet.')]
      return [...nameFaults(node, node.name.value), ...memberFaults(node)]
    case Kind.SCALAR_TYPE_DEFINITION:
    case Kind.SCALAR_TYPE_EXTENSION:
    case Kind.ENUM_TYPE_DEFINITION:
    case Kind.ENUM_TYPE_EXTENSION:
    case Kind.INPUT_OBJECT_TYPE_DEFINITION:
    case Kind.INPUT_OBJECT_TYPE_EXTENSION:
    case Kind.INTERFACE_TYPE_DEFINITION:
    case Kind.INTERFACE_TYPE_EXTENSION:
    case Kind.UNION_TYPE_DEFINITION:
    case Kind.UNION_TYPE_EXTENSION:
      return rootTypes.has(node.name.value)
        ? [reserved(node, node.name.value)]
        : [...nameFaults(node, node.name.value), ...memberFaults(node)]
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

/**
 * `__` parts a feature from its name in supergraphs: `join__Graph`, `federation__override`. What every object has, such
 * as `constructor`, composition takes for a type that it knows.
 */
function nameFaults(node: ASTNode, name: string): SdlFault[] {
  const isReserved =
    name.startsWith('_') || name.includes('__') || builtInScalars.has(name) || name in Object.prototype
  return isReserved ? [reserved(node, name)] : []
}

function reserved(node: ASTNode, name: string): SdlFault {
  return fault(node, 'NAME_RESERVED', `The name ${name} is reserved.`)
}

function fault(node: ASTNode, code: string, message: string): SdlFault {
  const place = 'name' in node && node.name ? node.name.loc : node.loc
  // That of its name: a description comes before it.
  return { code, message, line: place?.startToken.line ?? null }
}
