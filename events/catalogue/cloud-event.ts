import type { PlatformEvent } from './platform-event.ts'

/** An event as the world outside reads it: CloudEvents 1.0, structured JSON (`schema/events/envelope.json`). */
export type CloudEvent = {
  specversion: '1.0'
  id: string
  source: string
  type: string
  subject: string
  time: string
  datacontenttype: 'application/json'
  dataschema: string
  client: string
  actor?: string
  traceparent?: string
  dataversion: number
  data: PlatformEvent['data']
}

/** Names of attributes are of lower case letters and digits, and one that has no value is absent: the specification's rules. */
export function toCloudEvent({ dataVersion, actor, traceparent, data, ...event }: PlatformEvent): CloudEvent {
  const { id, source, type, subject, time, client } = event
  return {
    specversion: '1.0',
    id,
    source,
    type,
    subject,
    time,
    datacontenttype: 'application/json',
    dataschema: schemaName(type, dataVersion),
    client,
    ...(actor !== null && { actor }),
    ...(traceparent !== null && { traceparent }),
    dataversion: dataVersion,
    data,
  }
}

/** The `$id` of the schema of a type's version. */
export function schemaName(type: string, version: number): string {
  return `urn:trellis:event:${type}:v${version}`
}
