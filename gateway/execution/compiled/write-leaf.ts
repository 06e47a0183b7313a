import {
  GraphQLBoolean,
  type GraphQLEnumType,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  type GraphQLLeafType,
  type GraphQLScalarType,
  GraphQLString,
  isEnumType,
} from 'graphql'
import { HandOver } from './hand-over.ts'
import type { FetchedValue } from './run.ts'

/** Writes a value that is there. @throws {HandOver} when it is not of the type, or nearly */
export type WriteValue = (value: FetchedValue) => string

/** Only values as subgraphs send them are written here; what the specification coerces is left to the reference. */
export function compileLeaf(type: GraphQLLeafType): WriteValue {
  const isFit = isEnumType(type) ? enumCheck(type) : scalarCheck(type)
  return (value) => {
    if (typeof value !== 'string' || !isFit(value)) throw new HandOver(`A value is not of type ${type.name}.`)
    return value
  }
}

/** Tells of JSON text whether it may be passed on. */
type Check = (text: string) => boolean

function enumCheck(type: GraphQLEnumType): Check {
  const texts = new Set(type.getValues().map(({ value }) => JSON.stringify(value)))
  return (text) => texts.has(text)
}

function scalarCheck(type: GraphQLScalarType): Check {
  switch (type) {
    case GraphQLInt:
      return (text) => isNumber(text) && isInt(text)
    case GraphQLFloat:
      return isNumber
    case GraphQLString:
    case GraphQLID:
      return (text) => text.charCodeAt(0) === 0x22
    case GraphQLBoolean:
      return (text) => text === 'true' || text === 'false'
    default:
      // A custom scalar passes as it is.
      return () => true
  }
}

function isNumber(text: string): boolean {
  const code = text.charCodeAt(0)
  return (code >= 0x30 && code <= 0x39) || code === 0x2d
}

/** The integers of 32 bits are those that a bitwise operation leaves as they are. */
function isInt(text: string): boolean {
  const value = Number(text)
  return (value | 0) === value
}
