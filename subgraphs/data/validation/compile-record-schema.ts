import {
  Ajv2020,
  type AnySchema,
  type ErrorObject,
  type Options,
  type ValidateFunction,
} from 'ajv/dist/2020.js'
import { default as addFormats } from 'ajv-formats'
import { badInput, isJsonObject, type JsonObject, type JsonValue } from '../../json-value.ts'
import { TimeExceeded, withinTime } from './within-time.ts'

/** One rule that a record breaks. */
export type Violation = {
  /** JSON Pointer (RFC 6901) to the value in the record; to a missing or superfluous property where it would be. */
  path: string
  /** The JSON Schema keyword: `required`, `minimum`. */
  rule: string
  message: string
}

/** The broken rules of a record, none if it fits; the first hundred. @throws {TrellisError} BAD_USER_INPUT when it takes too long to tell */
export type ValidateRecord = (data: JsonObject) => Violation[]

const dialect = 'https://json-schema.org/draft/2020-12/schema'
/** Of the wall, so generous: a machine that is busy must not refuse what is good. A record takes 0.1 ms on an idle one. */
const compileMs = 1_000
const validateMs = 250
const maxViolations = 100

const options: Options = {
  allErrors: true,
  // Otherwise a record without `toString` would have one.
  ownProperties: true,
  // The specification ignores what it does not know; Ajv's strict mode refuses it.
  strict: false,
  logger: false,
}

/** Knows JSON Schema 2020-12 itself, and checks the callers' schemas against it. */
const metaschema = new Ajv2020(options)
// Compiled now, and not in the time of the first caller.
metaschema.getSchema(dialect)

/**
 * Compiles a caller's JSON Schema 2020-12. Each has an Ajv of its own: an `$id` in one says nothing to another, nothing
 * stays behind, and a `$ref` reaches nothing outside the schema. What compiling and validating may cost is bounded by
 * time, because patterns and recursion cannot be judged by looking at them.
 *
 * @throws {TrellisError} BAD_USER_INPUT when it is no such schema
 */
export function compileRecordSchema(schema: JsonValue): ValidateRecord {
  if (!isJsonObject(schema)) throw badInput('A schema is a JSON object.')
  assertDialect(schema)
  const validate = compile(schema)
  return (data) => {
    const valid = bounded('The record', validateMs, () => validate(data))
    const errors = valid ? [] : (validate.errors ?? [])
    validate.errors = null
    return errors.slice(0, maxViolations).map(violationOf)
  }
}

function assertDialect(schema: JsonObject): void {
  const named = schema.$schema
  if (named !== undefined && named !== dialect && named !== `${dialect}#`) {
    throw badInput(`\`$schema\` has to be ${dialect}, or left out.`)
  }
  // Ajv's own extension, which turns the answer into a promise.
  if ('$async' in schema) throw badInput('`$async` is not part of JSON Schema.')
}

function compile(schema: JsonObject): ValidateFunction {
  return bounded('The schema', compileMs, () => {
    if (!isSchema(schema))
      throw badInput(`This is not a JSON Schema: ${metaschema.errorsText(metaschema.errors)}`)
    const ajv = new Ajv2020({ ...options, meta: false, validateSchema: false })
    addFormats.default(ajv)
    try {
      return ajv.compile(schema)
    } catch (error) {
      // Ajv throws plain errors for references to nowhere and patterns that are no regular expressions.
      if (error instanceof Error) throw badInput(`The schema cannot be used: ${error.message}`)
      throw error
    }
  })
}

function isSchema(schema: AnySchema): boolean {
  return metaschema.validate(dialect, schema) === true
}

function bounded<T>(what: string, ms: number, work: () => T): T {
  try {
    return withinTime(ms, work)
  } catch (error) {
    // A schema that refers to itself without end overflows the stack, which ends there.
    if (error instanceof TimeExceeded || error instanceof RangeError)
      throw badInput(`${what} takes too long to check.`)
    throw error
  }
}

function violationOf(error: ErrorObject): Violation {
  return {
    path: error.instancePath + propertyPointer(error.params),
    rule: error.keyword,
    message: error.message ?? 'is not valid',
  }
}

/** `required` and its like are reported at the object; the caller wants to know which property. */
function propertyPointer(params: Record<string, unknown>): string {
  const property = params.missingProperty ?? params.additionalProperty ?? params.unevaluatedProperty
  if (typeof property !== 'string') return ''
  return `/${property.replaceAll('~', '~0').replaceAll('/', '~1')}`
}
