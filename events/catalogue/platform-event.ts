/**
 * What happened to one subject, in one client: the attributes of CloudEvents 1.0 and the platform's extensions.
 * `toCloudEvent` writes it as one; types and their data are in `schema/events/`.
 */
export type PlatformEvent = {
  /** Unique; a consumer that has seen it before does nothing. */
  id: string
  /** The module it happened in: `data`. */
  source: string
  /** Reverse-domain order, past tense: `data.record.created`. */
  type: string
  /** What it happened to: the record's id. Events of one subject stay in order. */
  subject: string
  client: string
  /** Who did it: `user:<id>`, `key:<id>`; null when nobody did (a timer). */
  actor: string | null
  /** RFC 3339, UTC. */
  time: string
  /** W3C trace context of the operation it came from. */
  traceparent: string | null
  /** Which version of the schema of its type `data` follows, from 1. */
  dataVersion: number
  /** JSON. Events about users carry ids, never personal data. */
  data: Readonly<Record<string, unknown>>
}

/** What a module says of an event; the log adds the rest. `dataVersion` is 1 where it is left out. */
export type NewEvent = Pick<PlatformEvent, 'type' | 'subject' | 'client' | 'actor' | 'traceparent' | 'data'> &
  Partial<Pick<PlatformEvent, 'dataVersion'>>
