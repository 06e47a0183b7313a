import {
  type DefinitionNode,
  type InterfaceTypeDefinitionNode,
  isTypeDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  type TypeDefinitionNode,
  type TypeNode,
} from 'graphql'

export type FieldsDefinition = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode

export function hasFields(definition: DefinitionNode): definition is FieldsDefinition {
  return definition.kind === Kind.OBJECT_TYPE_DEFINITION || definition.kind === Kind.INTERFACE_TYPE_DEFINITION
}

export function isTypeDefinition(definition: DefinitionNode): definition is TypeDefinitionNode {
  return isTypeDefinitionNode(definition)
}

export function namedTypeOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedTypeOf(type.type)
}
