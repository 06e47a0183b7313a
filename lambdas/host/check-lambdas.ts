import {
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  type ObjectTypeExtensionNode,
} from 'graphql'
import type { PluginError, PluginFile } from '../../schema/plugin-build.ts'
import { entryFile, placeOf, pluginFault } from './plugin-fault.ts'

/** What a plugin says it has, by name. */
export type DeclaredLambdas = {
  /** Of a form that has passed the check. */
  document: DocumentNode
  /** `User.loyaltyTier` */
  functions: readonly string[]
  rules: readonly string[]
  handlers: readonly string[]
  files: readonly PluginFile[]
}

const ruleCoordinate = /^(Query|Mutation|Subscription)\.[A-Za-z][_0-9A-Za-z]*$/
const pluginEventType = /^plugin(\.[a-z0-9_]+)+$/

/**
 * Every resolver has its field, every field that nothing else can answer has its resolver, and every rule and handler
 * names something that can be there. Whether a rule's field is there is for the client's supergraph to say.
 *
 * @param eventTypes those of the platform's catalogue
 */
export function lambdaFaults(declared: DeclaredLambdas, eventTypes: ReadonlySet<string>): PluginError[] {
  const { rules, handlers, files } = declared
  return [
    ...resolverFaults(declared),
    ...rules
      .filter((rule) => !ruleCoordinate.test(rule))
      .map((rule) => {
        const message = `A rule is named for the root field it guards, as in Mutation.createRecord: not "${rule}".`
        return pluginFault('RULE_INVALID', message, placeOf(rule, files))
      }),
    ...handlers
      .filter((type) => !eventTypes.has(type) && !pluginEventType.test(type))
      .map((type) => {
        const message = `There are no events of type "${type}"; those of plugins begin with "plugin.".`
        return pluginFault('EVENT_UNKNOWN', message, placeOf(type, files))
      }),
  ]
}

function resolverFaults({ document, functions, files }: DeclaredLambdas): PluginError[] {
  const answered = new Set(functions)
  const fields = declaredFields(document)
  const unanswered = [...fields].filter(([name, { isRoot }]) => isRoot && !answered.has(name))
  return [
    ...unanswered.map(([name, { field }]) =>
      pluginFault('FIELD_WITHOUT_RESOLVER', `${name} has no resolver.`, placeOf(field, files)),
    ),
    ...functions.flatMap((name) => {
      const place = { file: entryFile, line: placeOf(name.split('.')[1] ?? '', files).line }
      const declared = fields.get(name)
      if (!declared) return [pluginFault('RESOLVER_WITHOUT_FIELD', `${name} is not in typeDefs.`, place)]
      if (!declared.isGiven) return []
      const message = `${name} says which object it is, or comes from its owner: it has no resolver.`
      return [pluginFault('RESOLVER_OF_GIVEN_FIELD', message, place)]
    }),
  ]
}

/** `isGiven`: part of a key, or another module's. */
type DeclaredField = { field: string; isRoot: boolean; isGiven: boolean }

function declaredFields({ definitions }: DocumentNode): Map<string, DeclaredField> {
  const objects = definitions.filter(isObjectType)
  const keys = new Set(
    objects.flatMap((node) => keyFields(node).map((field) => `${node.name.value}.${field}`)),
  )
  return new Map(
    objects.flatMap((node) =>
      (node.fields ?? []).map((field): [string, DeclaredField] => {
        const type = node.name.value
        const name = `${type}.${field.name.value}`
        const isGiven = keys.has(name) || isExternal(field) || isExternal(node)
        return [name, { field: field.name.value, isRoot: type === 'Query' || type === 'Mutation', isGiven }]
      }),
    ),
  )
}

type ObjectNode = ObjectTypeDefinitionNode | ObjectTypeExtensionNode

function isObjectType(node: DocumentNode['definitions'][number]): node is ObjectNode {
  return node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.OBJECT_TYPE_EXTENSION
}

function keyFields({ directives = [] }: ObjectNode): string[] {
  return directives
    .filter(({ name }) => name.value === 'key')
    .flatMap(({ arguments: given = [] }) =>
      given.flatMap(({ value }) => (value.kind === Kind.STRING ? (value.value.match(/\w+/g) ?? []) : [])),
    )
}

function isExternal({ directives = [] }: ObjectNode | FieldDefinitionNode): boolean {
  return directives.some(({ name }) => name.value === 'external')
}
