import {
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
  type StringValueNode,
} from 'graphql'
import { withDependantsApart } from './apart-dependants.ts'
import { argumentText, isJoin } from './join-directives.ts'
import { createVariants, type RequiredVariants } from './required-variants.ts'
import { type FieldsDefinition, hasFields } from './type-definitions.ts'

/** The supergraph as Apollo's planner is given it, so that it meets none of the cases that it plans wrongly. */
export type PlannerSupergraph = {
  document: DocumentNode
  variants: RequiredVariants
  /** The subgraph behind each that only the planner knows, by name. */
  services: ReadonlyMap<string, string>
}

/**
 * - A key that a subgraph cannot resolve is left out where it has another that it can: the planner would hop by it.
 * - A field with arguments that some `@requires` takes becomes a field of its own without arguments, one for each set
 *   of arguments: the planner takes two fields of one name for the same, whatever their arguments, and keeps either.
 *   `RequiredVariants` turns them back in the plan.
 * - A field that requires others and is required itself is in a subgraph of its own, see apart-dependants.ts.
 */
export function toPlannerSupergraph(supergraph: DocumentNode): PlannerSupergraph {
  const document = mapTypes(supergraph, withoutNeedlessKeys)
  const variants = createVariants(document)
  const required = mapTypes(document, (type) => withVariantsRequired(type, variants))
  const complete = mapTypes(required, (type) => withVariantFields(type, variants))
  const { document: apart, services } = withDependantsApart(complete)
  return { document: apart, variants, services }
}

function mapTypes(
  document: DocumentNode,
  change: <Type extends FieldsDefinition>(type: Type) => Type,
): DocumentNode {
  const definitions = document.definitions.map((definition) =>
    hasFields(definition) ? change(definition) : definition,
  )
  return { ...document, definitions }
}

function withoutNeedlessKeys<Type extends FieldsDefinition>(type: Type): Type {
  const { directives = [] } = type
  return { ...type, directives: directives.filter((directive) => !isNeedlessKey(directive, directives)) }
}

function isNeedlessKey(key: ConstDirectiveNode, all: readonly ConstDirectiveNode[]): boolean {
  if (!isUnresolvable(key)) return false
  const graph = argumentText(key, 'graph')
  return all.some(
    (other) => isJoin(other, 'type') && !isUnresolvable(other) && argumentText(other, 'graph') === graph,
  )
}

function isUnresolvable(directive: ConstDirectiveNode): boolean {
  return isJoin(directive, 'type') && argumentText(directive, 'resolvable') === 'false'
}

function withVariantsRequired<Type extends FieldsDefinition>(type: Type, variants: RequiredVariants): Type {
  return { ...type, fields: type.fields?.map((field) => requiringVariants(field, type, variants)) }
}

function requiringVariants(
  field: FieldDefinitionNode,
  type: FieldsDefinition,
  variants: RequiredVariants,
): FieldDefinitionNode {
  const place = { typeName: type.name.value, fieldName: field.name.value }
  const directives = field.directives?.map((directive): ConstDirectiveNode => {
    const args = directive.arguments?.map((argument) => {
      if (argument.name.value !== 'requires' || argument.value.kind !== Kind.STRING) return argument
      const value: StringValueNode = {
        kind: Kind.STRING,
        value: variants.replaceIn(argument.value.value, place),
      }
      return { ...argument, value }
    })
    return directive.name.value === 'join__field' && args ? { ...directive, arguments: args } : directive
  })
  return directives ? { ...field, directives } : field
}

/** Each variant is where its field is: in the same subgraphs, of the same type. */
function withVariantFields<Type extends FieldsDefinition>(type: Type, variants: RequiredVariants): Type {
  const fields = type.fields?.flatMap((field) => [
    field,
    ...variants.of(type.name.value, field.name.value).map((name) => ({
      ...field,
      name: { kind: Kind.NAME as const, value: name },
      arguments: [],
    })),
  ])
  return fields ? { ...type, fields } : type
}
