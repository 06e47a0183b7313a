import { TrellisError } from '../../../foundation/errors.ts'

export type OutgoingHeaders = Record<string, string>

/** Of the connection and not of the request, or decided by the address. */
const ours =
  /^(host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|content-length|accept-encoding|proxy-.*|forwarded|x-forwarded-.*|x-real-ip|via)$/
const credentials = /^(authorization|cookie|x-api-key)$/
const nameFormat = /^[!#$%&'*+.^_`|~0-9a-z-]+$/
const valueFormat = /^[\t\x20-\x7e\x80-\xff]*$/
const maxHeaders = 50
const maxChars = 16_000

/** The headers a plugin may send of those it wants to. @throws {TrellisError} BAD_USER_INPUT */
export function readHeaders(wanted: Readonly<Record<string, string>>): OutgoingHeaders {
  const entries = Object.entries(wanted).map(([name, value]) => [name.toLowerCase(), value] as const)
  const chars = entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0)
  if (entries.length > maxHeaders || chars > maxChars)
    throw new TrellisError('BAD_USER_INPUT', `At most ${maxHeaders} headers, of ${maxChars} characters.`)
  if (!entries.every(([name, value]) => nameFormat.test(name) && valueFormat.test(value)))
    throw new TrellisError('BAD_USER_INPUT', 'A header has a name or a value that HTTP does not allow.')
  const kept = entries.filter(([name]) => !ours.test(name))
  // Nothing is unpacked here: a small answer stays a small one.
  return { 'user-agent': 'trellis-plugin', ...Object.fromEntries(kept), 'accept-encoding': 'identity' }
}

export function withoutCredentials(headers: OutgoingHeaders): OutgoingHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !credentials.test(name)))
}

/** Names in small letters; several of one name are one, in their order. */
export function shownHeaders(received: Record<string, string | string[] | undefined>): OutgoingHeaders {
  return Object.fromEntries(
    Object.entries(received).map(([name, value = '']) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : value,
    ]),
  )
}
