import { readHandledEvents } from '../host/event-types.ts'

/** What a handler can be for: the newest version of each type of event. */
export async function publishedEvents() {
  const events = await readHandledEvents()
  return events.map(({ type, schema }) => ({ type, description: schema.description, schema }))
}
