import {
  GraphQLBoolean,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  type GraphQLLeafType,
  GraphQLString,
  isEnumType,
} from 'graphql'
import { HandOver } from './hand-over.ts'
import type { Run } from './run.ts'

/** Writes a value that is there. @throws {HandOver} when it is not of the type, or nearly */
export type WriteValue = (value: unknown, run: Run) => string

/** Only values as subgraphs send them are written here; what the specification coerces is left to the reference. */
export function compileLeaf(type: GraphQLLeafType): WriteValue {
  if (isEnumType(type))
    return compileEnum(new Map(type.getValues().map(({ name, value }) => [value, `"${name}"`])))
  switch (type) {
    case GraphQLInt:
      return (value) => {
        // The integers of 32 bits are those that a bitwise operation leaves as they are.
        if (typeof value !== 'number' || (value | 0) !== value) throw unfit(type)
        return `${value}`
      }
    case GraphQLFloat:
      return (value) => {
        if (typeof value !== 'number' || !Number.isFinite(value)) throw unfit(type)
        return `${value}`
      }
    case GraphQLString:
    case GraphQLID:
      return (value, { isPlain }) => {
        if (typeof value !== 'string') throw unfit(type)
        return isPlain ? `"${value}"` : JSON.stringify(value)
      }
    case GraphQLBoolean:
      return (value) => {
        if (typeof value !== 'boolean') throw unfit(type)
        return value ? 'true' : 'false'
      }
    default:
      // A custom scalar passes as it is.
      return (value) => JSON.stringify(type.serialize(value))
  }
}

function compileEnum(texts: ReadonlyMap<unknown, string>): WriteValue {
  return (value) => {
    const text = texts.get(value)
    if (text === undefined) throw new HandOver('An enum value is not in the schema.')
    return text
  }
}

function unfit({ name }: GraphQLLeafType): HandOver {
  return new HandOver(`A value is not of type ${name}.`)
}
