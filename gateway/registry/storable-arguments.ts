import { defaultFieldResolver, type GraphQLSchema, isObjectType } from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'
import { isStorableText } from '../../foundation/storable-text.ts'

/** Has every field of a schema that is answered from the registry refuse what its database could not take: BAD_USER_INPUT. */
export function refuseUnstorable(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap()).filter(isObjectType)) {
    for (const field of Object.values(type.getFields())) {
      if (field.args.length === 0) continue
      const { resolve = defaultFieldResolver, subscribe } = field
      field.resolve = (source, args, ...rest) => resolve(source, requireStorable(args), ...rest)
      if (subscribe)
        field.subscribe = (source, args, ...rest) => subscribe(source, requireStorable(args), ...rest)
    }
  }
  return schema
}

type Arguments = Readonly<Record<string, unknown>>

function requireStorable<Given extends Arguments>(args: Given): Given {
  for (const [name, value] of Object.entries(args))
    if (!isStorable(value))
      throw new TrellisError('BAD_USER_INPUT', `\`${name}\` holds a text that is not well-formed, or NUL.`)
  return args
}

/** As deep as an input type goes. */
function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return isStorableText(value)
  return typeof value !== 'object' || value === null || Object.values(value).every(isStorable)
}
