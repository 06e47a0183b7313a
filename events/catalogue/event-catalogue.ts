import { readdir, readFile } from 'node:fs/promises'
import { Ajv2020, type AnySchemaObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { default as addFormats } from 'ajv-formats'
import { schemaName, toCloudEvent } from './cloud-event.ts'
import type { PlatformEvent } from './platform-event.ts'

/** Every type of event there is, each version with the JSON Schema of its data. */
export type EventCatalogue = {
  /** By type, then by version. */
  entries: readonly CatalogueEntry[]
  /** @throws {InvalidEventError} for an unknown type or version, and for what does not fit its schema or the envelope's */
  check(event: PlatformEvent): void
}

export type CatalogueEntry = { type: string; version: number; schema: EventSchema }

export type EventSchema = AnySchemaObject & { title: string; description: string }

/** A fault of the module that publishes. Names places and rules, never values: they may be personal, and this is logged. */
export class InvalidEventError extends Error {
  override name = 'InvalidEventError'
}

const schemas = new URL('../../schema/events/', import.meta.url)
const fileName = /^(?<type>[a-z0-9._-]+)\.v(?<version>[1-9]\d*)\.json$/
const envelopeFile = 'envelope.json'

/** Knows JSON Schema itself, for all catalogues of the process: compiling that costs more than all their schemas. */
const metaschema = new Ajv2020()

/**
 * The catalogue of a folder: `<type>.v<version>.json`, one for each version, and `envelope.json`.
 *
 * @param folder @default the platform's, `schema/events/`
 * @throws for a file that is none of these, or not a schema
 */
export async function readEventCatalogue(folder: URL = schemas): Promise<EventCatalogue> {
  const names = (await readdir(folder)).filter((name) => name !== envelopeFile)
  const entries = await Promise.all(names.map((name) => readEntry(folder, name)))
  return createEventCatalogue(entries.toSorted(byTypeAndVersion))
}

/**
 * A catalogue of these entries, under the platform's envelope. Every schema is judged now, and compiled when the first
 * event comes that it is for: a module publishes few of the types there are.
 */
export async function createEventCatalogue(entries: readonly CatalogueEntry[]): Promise<EventCatalogue> {
  const ajv = new Ajv2020({
    ...{ allErrors: true, ownProperties: true, allowUnionTypes: true },
    ...{ meta: false, validateSchema: false },
  })
  addFormats.default(ajv)
  const envelope = await readSchema(new URL(envelopeFile, schemas))
  for (const schema of [envelope, ...entries.map((entry) => entry.schema)])
    metaschema.validateSchema(schema, true)
  const ofData = new Map(entries.map(({ type, version, schema }) => [schemaName(type, version), schema]))
  return {
    entries,
    check(event) {
      const { type, source, dataVersion, data } = event
      const schema = ofData.get(schemaName(type, dataVersion))
      if (!schema)
        throw new InvalidEventError(`The catalogue has no event type ${type} in version ${dataVersion}.`)
      if (!type.startsWith(`${source}.`))
        throw new InvalidEventError(`The module ${source} does not publish events of type ${type}.`)
      requireFit(ajv.compile(envelope), toCloudEvent(event), `The envelope of an event of type ${type}`)
      requireFit(ajv.compile(schema), data, `The data of an event of type ${type}, version ${dataVersion},`)
    },
  }
}

function requireFit(isFit: ValidateFunction, value: unknown, what: string): void {
  if (isFit(value)) return
  const faults = (isFit.errors ?? []).map(
    ({ instancePath, message, params }) =>
      `${instancePath || '/'} ${message}${params.additionalProperty ? `: ${params.additionalProperty}` : ''}`,
  )
  throw new InvalidEventError(`${what} does not fit its schema: ${faults.join('; ')}`)
}

async function readEntry(folder: URL, name: string): Promise<CatalogueEntry> {
  const { type, version } = fileName.exec(name)?.groups ?? {}
  if (!type || !version) throw new Error(`${name} is not <type>.v<version>.json: not an event schema.`)
  const schema = await readSchema(new URL(name, folder))
  if (schema.$id !== schemaName(type, Number(version))) {
    throw new Error(`The $id of ${name} has to be ${schemaName(type, Number(version))}.`)
  }
  return { type, version: Number(version), schema }
}

async function readSchema(file: URL): Promise<EventSchema> {
  return JSON.parse(await readFile(file, 'utf8'))
}

function byTypeAndVersion(a: CatalogueEntry, b: CatalogueEntry): number {
  return a.type === b.type ? a.version - b.version : a.type < b.type ? -1 : 1
}
