import { type GraphQLSchema, isAbstractType, isInterfaceType, isObjectType } from 'graphql'

/** Whether an object that calls itself `typename` fits `... on condition`. */
export function fitsTypeCondition(schema: GraphQLSchema, typename: string, condition: string): boolean {
  if (typename === condition) return true
  const type = schema.getType(typename)
  const conditionType = schema.getType(condition)
  if (!isAbstractType(conditionType)) return false
  return (isObjectType(type) || isInterfaceType(type)) && schema.isSubType(conditionType, type)
}
