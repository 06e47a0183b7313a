import type { CatalogueEntry } from './event-catalogue.ts'

type Schema = { readonly [keyword: string]: unknown }

/** What only explains, and may be said better at any time. */
const explaining = new Set(['title', 'description', '$comment', 'examples'])

/**
 * The rules for changing what is published: a version only grows. Types and versions stay; a version may gain optional
 * properties; all else is a new version beside it. So consumers that read the old keep reading, and events
 * that were written before still fit when they are replayed.
 *
 * @returns every rule that is broken, as a sentence
 */
export function brokenRules(
  before: readonly CatalogueEntry[],
  after: readonly CatalogueEntry[],
): readonly string[] {
  const nameOf = ({ type, version }: CatalogueEntry) => `${type} v${version}`
  const now = new Map(after.map((entry) => [nameOf(entry), entry.schema]))
  return before.flatMap((entry) => {
    const name = nameOf(entry)
    const schema = now.get(name)
    return schema ? faultsOf(name, entry.schema, schema) : [`${name} is gone`]
  })
}

function faultsOf(place: string, before: unknown, after: unknown): string[] {
  if (!isSchema(before) || !isSchema(after)) return isEqual(before, after) ? [] : [`${place} has changed`]
  const keywords = new Set([...Object.keys(before), ...Object.keys(after)]).difference(explaining)
  return [...keywords].flatMap((keyword) => {
    const where = `${place}/${keyword}`
    if (keyword === 'properties') return propertyFaults(where, before.properties, after.properties)
    if (keyword === 'items') return faultsOf(where, before.items, after.items)
    return isEqual(before[keyword], after[keyword]) ? [] : [`${where} has changed`]
  })
}

/** New ones are welcome: that they are optional, the comparison of `required` says. */
function propertyFaults(place: string, before: unknown, after: unknown): string[] {
  if (!isSchema(before) || !isSchema(after)) return [`${place} has changed`]
  return Object.keys(before).flatMap((name) =>
    name in after ? faultsOf(`${place}/${name}`, before[name], after[name]) : [`${place}/${name} is gone`],
  )
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The order of a list without meaning, as `required` and `enum` are, is no change. */
function isEqual(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b)
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).sort().join()}]`
  if (!isSchema(value)) return JSON.stringify(value) ?? 'undefined'
  const names = Object.keys(value).sort()
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join()}}`
}
