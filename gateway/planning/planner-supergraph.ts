import {
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InterfaceTypeDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  print,
  type StringValueNode,
} from 'graphql'
import { createVariants, type RequiredVariants } from './required-variants.ts'

type FieldsDefinition = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode

/** The supergraph as Apollo's planner is given it, so that it meets none of the cases that it plans wrongly. */
export type PlannerSupergraph = { sdl: string; variants: RequiredVariants }

/**
 * - A key that a subgraph cannot resolve is left out where it has another that it can: the planner would hop by it.
 * - A field with arguments that some `@requires` takes becomes a field of its own without arguments, one for each set
 *   of arguments: the planner takes two fields of one name for the same, whatever their arguments, and keeps either.
 *   `RequiredVariants` turns them back in the plan.
 */
export function toPlannerSupergraph(supergraphSdl: string): PlannerSupergraph {
  const document = mapTypes(parse(supergraphSdl, { noLocation: true }), withoutNeedlessKeys)
  const variants = createVariants(document)
  const required = mapTypes(document, (type) => withVariantsRequired(type, variants))
  const complete = mapTypes(required, (type) => withVariantFields(type, variants))
  return { sdl: print(complete), variants }
}

function mapTypes(
  document: DocumentNode,
  change: <Type extends FieldsDefinition>(type: Type) => Type,
): DocumentNode {
  const definitions = document.definitions.map((definition) =>
    definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.INTERFACE_TYPE_DEFINITION
      ? change(definition)
      : definition,
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
    (other) => isJoinType(other) && !isUnresolvable(other) && argumentText(other, 'graph') === graph,
  )
}

function isJoinType({ name }: ConstDirectiveNode): boolean {
  return name.value === 'join__type'
}

function isUnresolvable(directive: ConstDirectiveNode): boolean {
  return isJoinType(directive) && argumentText(directive, 'resolvable') === 'false'
}

function argumentText(directive: ConstDirectiveNode, name: string): string | undefined {
  const argument = directive.arguments?.find((candidate) => candidate.name.value === name)
  return argument && print(argument.value)
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
