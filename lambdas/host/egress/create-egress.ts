import type { LookupFunction } from 'node:net'
import { Client, type Dispatcher, errors as undiciErrors } from 'undici'
import { TrellisError } from '../../../foundation/errors.ts'
import { isGrantedHost } from '../../../foundation/granted-host.ts'
import { type OutgoingHeaders, readHeaders, shownHeaders, withoutCredentials } from './outgoing-headers.ts'
import { type Address, createResolve, type Resolve, resolveHost } from './resolve-host.ts'

export type OutgoingRequest = {
  url: string
  /** @default GET */
  method?: string | undefined
  headers?: Readonly<Record<string, string>> | undefined
  body?: string | undefined
}

export type OutgoingAnswer = { status: number; headers: Record<string, string>; body: string }

/** Calls a host outside, as far as it was granted. @throws {TrellisError} EGRESS_…, BAD_USER_INPUT */
export type Egress = (request: OutgoingRequest, grants: readonly string[]) => Promise<OutgoingAnswer>

export type EgressOptions = {
  /** Addresses that may be called though they are not public, for development. @default none */
  allows?: (address: string) => boolean
  /** @default the name servers */
  resolve?: Resolve
  /** For all of a call, redirects and the last byte included, in ms. @default 10,000 */
  timeoutMs?: number
  /** @default 1,000,000 */
  maxAnswerBytes?: number
}

type Outgoing = { url: URL; method: Dispatcher.HttpMethod; headers: OutgoingHeaders; body: string | null }
type Answer = { status: number; headers: Record<string, string>; body: string; location: string | undefined }
type Limits = { signal: AbortSignal; maxAnswerBytes: number }

const maxRedirects = 3
const maxBodyChars = 1_000_000
const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])

/**
 * The only way out for plugins. Each step, the first and every redirect, is checked anew: whether it was granted, and
 * whether its host is of the public internet. The name is resolved once, and what was checked is what is connected to.
 * No proxy, no shared connection, no cookie.
 */
export function createEgress(options: EgressOptions = {}): Egress {
  const { allows = () => false, timeoutMs = 10_000, maxAnswerBytes = 1_000_000 } = options
  const resolve = options.resolve ?? createResolve(timeoutMs / 4)

  return async (request, grants) => {
    const limits = { signal: AbortSignal.timeout(timeoutMs), maxAnswerBytes }
    let outgoing = readRequest(request)
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      requireGrant(outgoing.url, grants)
      const addresses = await within(limits.signal, resolveHost(outgoing.url, resolve, allows))
      const { location, ...answer } = await send(outgoing, addresses, limits)
      if (location === undefined) return answer
      outgoing = redirected(outgoing, answer.status, location)
    }
    throw new TrellisError('EGRESS_REDIRECTED', `At most ${maxRedirects} redirects are followed.`)
  }
}

function readRequest({ url: text, method = 'GET', headers = {}, body }: OutgoingRequest): Outgoing {
  const url = readAddress(text)
  if (!url)
    throw new TrellisError('BAD_USER_INPUT', 'The address to fetch is a whole URL, without a user in it.')
  if (!isMethod(method))
    throw new TrellisError('BAD_USER_INPUT', `The method is one of ${[...methods].join(', ')}.`)
  if (body !== undefined && (method === 'GET' || method === 'HEAD'))
    throw new TrellisError('BAD_USER_INPUT', `A ${method} request has no body.`)
  if (body !== undefined && body.length > maxBodyChars)
    throw new TrellisError('EGRESS_TOO_LARGE', `A body has at most ${maxBodyChars} characters.`)
  return { url, method, headers: readHeaders(headers), body: body ?? null }
}

/** Null for what is no URL, and for one with a user in it, which readers have taken for the host. */
function readAddress(text: string, base?: URL): URL | null {
  const url = URL.parse(text, base)
  return url?.username === '' && url.password === '' ? url : null
}

function isMethod(method: string): method is Dispatcher.HttpMethod {
  return methods.has(method)
}

function requireGrant(url: URL, grants: readonly string[]): void {
  if (isGrantedHost(url, grants)) return
  throw new TrellisError('EGRESS_NOT_GRANTED', `The plugin was not granted to call ${url.origin}.`)
}

/** As browsers do it: what is not repeatable as it was becomes a GET, and another origin gets no credentials. */
function redirected({ url, method, headers, body }: Outgoing, status: number, location: string): Outgoing {
  const next = readAddress(location, url)
  if (!next) throw new TrellisError('EGRESS_FAILED', 'The host redirected to something that is no address.')
  const repeated = status === 307 || status === 308 || method === 'GET' || method === 'HEAD'
  return {
    url: next,
    method: repeated ? method : 'GET',
    headers: next.origin === url.origin ? headers : withoutCredentials(headers),
    body: repeated ? body : null,
  }
}

async function send(
  { url, method, headers, body }: Outgoing,
  addresses: readonly Address[],
  { signal, maxAnswerBytes }: Limits,
): Promise<Answer> {
  const client = new Client(url.origin, {
    // Said aloud, so that no setting of the environment says otherwise.
    connect: { lookup: lookupOf(addresses), rejectUnauthorized: true },
    maxResponseSize: maxAnswerBytes,
    pipelining: 1,
  })
  try {
    const path = url.pathname + url.search
    const response = await client.request({ path, method, headers, body, signal })
    const location = isRedirect(response.statusCode) ? response.headers.location : undefined
    const to = Array.isArray(location) ? location[0] : location
    const shown = { status: response.statusCode, headers: shownHeaders(response.headers) }
    // What a redirect says besides is nobody's.
    return { ...shown, location: to, body: to === undefined ? await response.body.text() : '' }
  } catch (error) {
    throw egressError(error, signal)
  } finally {
    await client.destroy()
  }
}

/** Whoever connects asks for one address, or for all of them. */
function lookupOf(addresses: readonly Address[]): LookupFunction {
  return (_name, { all }, found) => {
    const [first] = addresses
    if (all || !first) found(null, [...addresses])
    else found(null, first.address, first.family)
  }
}

/** As Node names what TLS, and the comparison of names, have against a certificate. */
const ofCertificate =
  /^(ERR_TLS_CERT_|CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|PATH_LENGTH_|ERROR_IN_CERT_)/

function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status)
}

function egressError(error: unknown, signal: AbortSignal): TrellisError {
  if (signal.aborted) return new TrellisError('EGRESS_TIMEOUT', 'The host did not answer in time.')
  if (error instanceof undiciErrors.ResponseExceededMaxSizeError)
    return new TrellisError('EGRESS_TOO_LARGE', 'The host answered more than a plugin may be given.')
  if (error instanceof undiciErrors.InvalidArgumentError)
    return new TrellisError('BAD_USER_INPUT', 'The request is not one that HTTP can carry.')
  if (typeof error === 'object' && error && 'code' in error && ofCertificate.test(String(error.code)))
    return new TrellisError(
      'EGRESS_CERTIFICATE_REFUSED',
      'The certificate does not prove that this is the host.',
    )
  return new TrellisError('EGRESS_FAILED', 'The host could not be reached, or does not speak HTTP.')
}

/** What cannot be called off is not waited for. */
async function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const end = () => reject(egressError(signal.reason, signal))
  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) end()
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', end))
}
