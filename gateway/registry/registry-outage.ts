import { defaultFieldResolver, type GraphQLSchema, isObjectType } from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'
import { isOutage } from '../../prisma/database-outage.ts'

/** @throws {TrellisError} REGISTRY_UNAVAILABLE where the registry's database is away in `work` */
export async function tellOutage<T>(work: () => PromiseLike<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isOutage(error)) throw error
    throw new TrellisError('REGISTRY_UNAVAILABLE', 'The registry cannot be reached; try again in a moment.', {
      originalError: error,
    })
  }
}

/** Has every field of a schema that is answered from the registry say so while it is away. */
export function tellOutages(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap()).filter(isObjectType)) {
    for (const field of Object.values(type.getFields())) {
      const resolve = field.resolve ?? defaultFieldResolver
      field.resolve = (...call) => {
        const answer: unknown = resolve(...call)
        return isPending(answer) ? tellOutage(() => answer) : answer
      }
    }
  }
  return schema
}

function isPending(answer: unknown): answer is PromiseLike<unknown> {
  return typeof answer === 'object' && answer !== null && 'then' in answer
}
