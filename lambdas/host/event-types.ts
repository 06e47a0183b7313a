import { type CatalogueEntry, readEventCatalogue } from '../../events/catalogue/event-catalogue.ts'

/** What operators do, to all clients or to one, is no business of plugins. */
const ofOperators = /^(control|registry)\./

/** The events that a plugin may handle: the newest version of each type of the catalogue. */
export async function readHandledEvents(): Promise<CatalogueEntry[]> {
  const { entries } = await readEventCatalogue()
  // They are in the order of their versions.
  const newest = new Map(entries.map((entry) => [entry.type, entry]))
  return [...newest.values()].filter(({ type }) => !ofOperators.test(type))
}

export async function readEventTypes(): Promise<ReadonlySet<string>> {
  return new Set((await readHandledEvents()).map(({ type }) => type))
}
