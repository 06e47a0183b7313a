import { type DocumentNode, Kind } from 'graphql'
import type { PluginError, PluginFile } from '../../schema/plugin-build.ts'
import { entryFile, placeOf, pluginFault } from './plugin-fault.ts'

/** What a plugin says it has, by name. */
export type DeclaredLambdas = {
  /** Of a document that has passed the check. */
  document: DocumentNode
  /** `User.loyaltyTier` */
  functions: readonly string[]
  rules: readonly string[]
  handlers: readonly string[]
  files: readonly PluginFile[]
}

const ruleCoordinate = /^(Query|Mutation|Subscription)\.[_A-Za-z][_0-9A-Za-z]*$/
const pluginEventType = /^plugin\.[a-z0-9_]+(\.[a-z0-9_]+)*$/

/**
 * Every resolver has its field, every field that nothing else can answer has its resolver, and every rule and handler
 * names something that can be there. Whether a rule's field is there is for the client's supergraph to say.
 *
 * @param eventTypes those of the platform's catalogue
 */
export function lambdaFaults(declared: DeclaredLambdas, eventTypes: ReadonlySet<string>): PluginError[] {
  return [
    ...resolverFaults(declared),
    ...declared.rules
      .filter((rule) => !ruleCoordinate.test(rule))
      .map((rule) =>
        pluginFault(
          'RULE_INVALID',
          `A rule is named for the root field it guards, as in Mutation.createRecord: not "${rule}".`,
          placeOf(rule, declared.files),
        ),
      ),
    ...declared.handlers
      .filter((type) => !eventTypes.has(type) && !pluginEventType.test(type))
      .map((type) =>
        pluginFault(
          'EVENT_UNKNOWN',
          `There are no events of type "${type}"; those of plugins begin with "plugin.".`,
          placeOf(type, declared.files),
        ),
      ),
  ]
}

function resolverFaults({ document, functions, files }: DeclaredLambdas): PluginError[] {
  const answered = new Set(functions)
  const declared = new Set<string>()
  const errors: PluginError[] = []
  for (const node of document.definitions) {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.OBJECT_TYPE_EXTENSION) continue
    const type = node.name.value
    for (const { name } of node.fields ?? []) {
      const coordinate = `${type}.${name.value}`
      declared.add(coordinate)
      if ((type === 'Query' || type === 'Mutation') && !answered.has(coordinate))
        errors.push(
          pluginFault('FIELD_WITHOUT_RESOLVER', `${coordinate} has no resolver.`, placeOf(name.value, files)),
        )
    }
  }
  const without = functions.filter((coordinate) => !declared.has(coordinate))
  return [
    ...errors,
    ...without.map((coordinate) =>
      pluginFault('RESOLVER_WITHOUT_FIELD', `${coordinate} is not in typeDefs.`, {
        file: entryFile,
        line: placeOf(coordinate.split('.')[1] ?? '', files).line,
      }),
    ),
  ]
}
