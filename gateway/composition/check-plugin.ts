import {
  type ASTNode,
  type DefinitionNode,
  type DirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  Kind,
} from 'graphql'
import {
  argumentOf,
  type CoreType,
  type CoreTypes,
  definitionText,
  hasDirective,
  isObjectType,
  keysOf,
  type ObjectTypeNode,
  signatureOf,
  topFields,
  typeName,
} from './core-types.ts'

/** `line` counts from 1, in the plugin's SDL. */
export type PluginFault = { code: string; message: string; line: number | null }

const rootTypes: ReadonlySet<string> = new Set(['Query', 'Mutation', 'Subscription'])
const usersModule = 'users'

/**
 * What a plugin's SDL may not do to the modules it is composed with. Composition itself would let it hide, loosen,
 * shadow or silently narrow what they own. Pure; every fault has its code and line. Judged with each composition:
 * modules change, and come and go, under a plugin that stays.
 *
 * @param core what the modules own
 */
export function checkPlugin(plugin: DocumentNode, core: CoreTypes): PluginFault[] {
  const keys = keysByType(plugin)
  return plugin.definitions.flatMap((node) => {
    const name = typeName(node)
    const known = name === null ? undefined : core.get(name)
    if (name === null || (!known && !rootTypes.has(name))) return ownOverrides(node)
    if (!isObjectType(node)) return repeatedDefinition(node, name, known)
    const declared: CoreExtension = { node, name, core: known, keys: keys.get(name) ?? [] }
    if (rootTypes.has(name)) return [...typeFaults(declared, []), ...fieldFaults(declared)]
    if (known?.isEntity)
      return [...keyFaults(declared, known), ...typeFaults(declared, ['key']), ...fieldFaults(declared)]
    return repeatedDefinition(node, name, known)
  })
}

/** Composition narrows an enum or input to what all sides have, and widens a union: only the same again is harmless. */
function repeatedDefinition(node: DefinitionNode, name: string, known: CoreType | undefined): PluginFault[] {
  const isShared =
    node.kind === Kind.SCALAR_TYPE_DEFINITION || hasDirective(nodeWithDirectives(node), 'shareable')
  if (isShared && known?.definitions.has(definitionText(node))) return []
  return [fault(node, 'CORE_TYPE_REDECLARED', `${name} belongs to the core: choose another name.`)]
}

function keysByType({ definitions }: DocumentNode): Map<string, string[]> {
  const keys = new Map<string, string[]>()
  for (const node of definitions.filter(isObjectType))
    keys.set(node.name.value, [...(keys.get(node.name.value) ?? []), ...keysOf(node)])
  return keys
}

/** What a plugin says of a type that is not its own. */
type CoreExtension = {
  node: ObjectTypeNode
  name: string
  /** Undefined for a root type that no module has. */
  core: CoreType | undefined
  /** Of the whole type, as the plugin declares it. */
  keys: readonly string[]
}

function keyFaults({ node, name, keys }: CoreExtension, core: CoreType): PluginFault[] {
  if (keys.length === 0)
    return [fault(node, 'ENTITY_WITHOUT_KEY', `Extend ${name} with its @key, as the core does.`)]
  // The fields of a key count as shared: a key of the plugin's own would take them over.
  return keysOf(node)
    .filter((key) => !core.keys.has(key))
    .map((key) =>
      fault(
        node,
        'KEY_NOT_OF_CORE',
        `"${key}" is no key of ${name} in the core: "${[...core.keys].join('", "')}".`,
      ),
    )
}

function typeFaults({ node, name }: CoreExtension, allowed: readonly string[]): PluginFault[] {
  return [...descriptionFaults(node, name), ...directivesBut(allowed, node, name)]
}

/** Composition takes the words of whoever has some. */
function descriptionFaults(node: ObjectTypeNode | FieldDefinitionNode, name: string): PluginFault[] {
  return [node, ...argumentsOf(node)]
    .filter((part) => 'description' in part && part.description !== undefined)
    .map((part) => fault(part, 'DESCRIPTION_NOT_ALLOWED', `${name} belongs to the core, which describes it.`))
}

function fieldFaults({ node, name: type, core, keys }: CoreExtension): PluginFault[] {
  const keyed = new Set(keys.flatMap(topFields))
  return (node.fields ?? []).flatMap((field) => {
    const known = core?.fields.get(field.name.value)
    if (hasDirective(field, 'override')) return overrideFaults(field, type, core)
    if (!known) return ownFieldFaults(field)
    const name = `${type}.${field.name.value}`
    if (!hasDirective(field, 'external') && !keyed.has(field.name.value))
      return [
        fault(
          field,
          'CORE_FIELD_REDECLARED',
          `${name} belongs to the core; mark it @external to require it.`,
        ),
      ]
    return [
      ...sameSignature(field, name, known.signature),
      ...descriptionFaults(field, name),
      ...directivesBut(['external'], field, name),
    ]
  })
}

/** A module that had the same field and shared it, too, would have it answered by either. */
function ownFieldFaults({ directives = [] }: FieldDefinitionNode): PluginFault[] {
  return directives
    .filter(({ name }) => name.value === 'shareable')
    .map((directive) =>
      fault(directive, 'DIRECTIVE_NOT_ALLOWED', 'There is nobody to share a field of a core type with.'),
    )
}

function overrideFaults(field: FieldDefinitionNode, type: string, core: CoreType | undefined): PluginFault[] {
  const name = `${type}.${field.name.value}`
  const known = core?.fields.get(field.name.value)
  const override = field.directives?.find((directive) => directive.name.value === 'override')
  if (!known || !override) return [refusedOverride(field, `${name} is not in the core.`)]
  if (type === 'Mutation') return [refusedOverride(override, 'No mutation is replaceable.')]
  if (known.modules.has(usersModule))
    return [refusedOverride(override, 'Nothing of the users module is replaceable.')]
  if (!known.isReplaceable)
    return [refusedOverride(override, `The core does not mark ${name} as replaceable.`)]
  const [owner = ''] = known.modules
  return [
    ...(argumentOf(override, 'from') === owner && known.modules.size === 1
      ? []
      : [refusedOverride(override, `${name} is a field of "${owner}": @override(from: "${owner}").`)]),
    ...(override.arguments?.some((argument) => argument.name.value === 'label')
      ? [refusedOverride(override, 'A field is replaced as a whole, without a label.')]
      : []),
    ...sameSignature(field, name, known.signature),
    ...directivesBut(['override', 'requires'], field, name),
  ]
}

/** Of a type of the plugin's own there is nobody to take a field from. */
function ownOverrides(node: DefinitionNode): PluginFault[] {
  if (!('fields' in node)) return []
  return (node.fields ?? [])
    .filter((field) => hasDirective(field, 'override'))
    .map((field) => refusedOverride(field, `${field.name.value} is not in the core.`))
}

function sameSignature(field: FieldDefinitionNode, name: string, signature: string): PluginFault[] {
  const said = signatureOf(field)
  if (said === signature) return []
  const message = `${name} is ${name}${signature} in the core, and ${name}${said} here; say it the same way.`
  return [fault(field, 'CORE_FIELD_CHANGED', message)]
}

function refusedOverride(node: ASTNode, message: string): PluginFault {
  return fault(node, 'OVERRIDE_NOT_ALLOWED', message)
}

function notOnCore(directive: DirectiveNode, name: string): PluginFault {
  return fault(
    directive,
    'DIRECTIVE_NOT_ALLOWED',
    `@${directive.name.value} may not be put on ${name}, which belongs to the core.`,
  )
}

function directivesBut(
  allowed: readonly string[],
  node: ObjectTypeNode | FieldDefinitionNode,
  name: string,
): PluginFault[] {
  return [
    ...(node.directives ?? []).filter((directive) => !allowed.includes(directive.name.value)),
    ...argumentsOf(node).flatMap(({ directives = [] }) => directives),
  ].map((directive) => notOnCore(directive, name))
}

function argumentsOf(node: ObjectTypeNode | FieldDefinitionNode): readonly InputValueDefinitionNode[] {
  return 'arguments' in node ? (node.arguments ?? []) : []
}

function nodeWithDirectives(node: DefinitionNode) {
  return 'directives' in node ? node : {}
}

function fault(node: ASTNode, code: string, message: string): PluginFault {
  const place = 'name' in node && node.name ? node.name.loc : node.loc
  // That of its name: a description comes before it.
  return { code, message, line: place?.startToken.line ?? null }
}
