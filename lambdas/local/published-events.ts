import { readEventCatalogue } from '../../events/catalogue/event-catalogue.ts'

/** What a handler can be for: the newest version of each type of event. */
export async function publishedEvents() {
  const { entries } = await readEventCatalogue()
  return entries.map(({ type, schema }) => ({ type, description: schema.description, schema }))
}
