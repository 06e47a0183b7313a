import { readFile, writeFile } from 'node:fs/promises'
import { brokenRules } from './catalogue-changes.ts'
import { type CatalogueEntry, type EventSchema, readEventCatalogue } from './event-catalogue.ts'

/*
 * node events/catalogue/publish-catalogue.ts: notes the catalogue as published (schema/published-events.jsonl) and writes its
 * tables into docs/events.md. Refuses a catalogue that breaks the rules of docs/events.md.
 */
export const publishedFile = new URL('../../schema/published-events.jsonl', import.meta.url)
export const pageFile = new URL('../../docs/events.md', import.meta.url)

const mark = '<!-- The rest is written by: node events/catalogue/publish-catalogue.ts -->'

/** What was published before: an entry a line. */
export async function readPublished(): Promise<CatalogueEntry[]> {
  const lines = (await readFile(publishedFile, 'utf8')).split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line))
}

/** The page with the tables of these entries in it. */
export function renderPage(page: string, entries: readonly CatalogueEntry[]): string {
  const [rules = ''] = page.split(mark)
  return `${rules}${mark}\n\n${entries.map(renderEntry).join('\n\n')}\n`
}

function renderEntry({ type, version, schema }: CatalogueEntry): string {
  const rows = Object.entries<EventSchema>(schema.properties).map(([name, property]) => {
    const optional = schema.required?.includes(name) ? '' : ' Optional.'
    return `| \`${name}\` | ${kindOf(property)} | ${property.description}${optional} |`
  })
  return [
    `### \`${type}\` v${version}`,
    `${schema.title}. ${schema.description}`,
    ['| in `data` | is | meaning |', '|---|---|---|', ...rows].join('\n'),
  ].join('\n\n')
}

function kindOf({ type, format, enum: values }: EventSchema): string {
  if (values) return values.map((value: unknown) => `\`${value}\``).join(', ')
  const kinds = [type].flat().join(' or ')
  return format ? `${kinds}, ${format}` : kinds
}

if (import.meta.main) {
  const { entries } = await readEventCatalogue()
  const faults = brokenRules(await readPublished(), entries)
  if (faults.length > 0) {
    console.error(`This breaks consumers; make a new version of the type instead:\n${faults.join('\n')}`)
    process.exit(1)
  }
  await writeFile(publishedFile, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
  await writeFile(pageFile, renderPage(await readFile(pageFile, 'utf8'), entries))
}
