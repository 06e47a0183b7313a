import type { IncomingHttpHeaders } from 'node:http'
import { RequestError } from '../supergraph/request-error.ts'

/** A page of another site can send none of them without asking first (a CORS preflight, which is not granted). */
export const preflightHeaders = [
  'x-api-key',
  'authorization',
  'x-apollo-operation-name',
  'apollo-require-preflight',
] as const

/** What a form of any page can send. */
const simpleTypes = new Set(['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'])

/**
 * Refuses what a browser may have been made to send by a page of another site, with the cookies and from the network of
 * its user: a content type of forms, or, without any, signs of a browser. Apollo Server refuses every GET that has no
 * content type and none of the headers; programs that are no browsers have nobody to protect and need no header here.
 *
 * @throws {RequestError} BAD_REQUEST
 */
export function refuseCrossSite(headers: IncomingHttpHeaders): void {
  const contentType = headers['content-type']
  if (contentType === undefined ? !looksLikeBrowser(headers) : !isSimple(contentType)) return
  if (preflightHeaders.some((name) => headers[name])) return
  throw new RequestError(
    'BAD_REQUEST',
    'This operation has been blocked as a potential Cross-Site Request Forgery (CSRF). Send a content-type of ' +
      `application/json, or one of the headers ${preflightHeaders.join(', ')}.`,
  )
}

/** The cheap answer first: nearly everybody sends this type. */
function isSimple(contentType: string): boolean {
  return contentType !== 'application/json' && simpleTypes.has(essenceOf(contentType))
}

function essenceOf(contentType: string): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase()
}

/** Browsers send the first two by themselves, and call themselves Mozilla, all of them. */
function looksLikeBrowser(headers: IncomingHttpHeaders): boolean {
  return (
    headers['sec-fetch-site'] !== undefined ||
    headers.origin !== undefined ||
    headers.cookie !== undefined ||
    headers.referer !== undefined ||
    (headers['user-agent'] ?? '').startsWith('Mozilla/')
  )
}
