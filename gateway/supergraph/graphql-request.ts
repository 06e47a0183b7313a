import type { IncomingHttpHeaders } from 'node:http'
import type { MediaType } from './media-type.ts'

/** A GraphQL request as its transport has read it. */
export type GraphqlRequest = {
  query: string | undefined
  operationName: string | undefined
  variables: Readonly<Record<string, unknown>> | undefined
  extensions: Readonly<Record<string, unknown>> | undefined
}

/** What came over HTTP, beside what was read of it. */
export type HttpRequest = {
  method: 'GET' | 'POST'
  headers: IncomingHttpHeaders
  /** The query string, from its `?` on. */
  search: string
  /** Parsed JSON. */
  body: unknown
  accepts: MediaType
}

export type HttpAnswer = {
  status: number
  headers: Readonly<Record<string, string>>
  /** JSON. */
  body: string | Buffer
}
