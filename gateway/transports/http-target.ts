import { isIP } from 'node:net'

/** Where requests go; made once for an address and kept, its text written. */
export type HttpTarget = {
  origin: string
  isTls: boolean
  host: string
  port: number
  /** What TLS asks the server to be, where that is a name. */
  serverName: string | undefined
  /** With its query. */
  path: string
  /** The first lines of every request. */
  head: string
}

/** @throws {TypeError} for what is no `http:` or `https:` URL */
export function readHttpTarget(address: string): HttpTarget {
  const { protocol, origin, hostname, port, host, pathname, search } = new URL(address)
  if (protocol !== 'http:' && protocol !== 'https:') throw new TypeError(`${protocol} is not spoken here.`)
  const isTls = protocol === 'https:'
  const path = pathname + search
  return {
    origin,
    isTls,
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (isTls ? 443 : 80) : Number(port),
    serverName: isIP(hostname) || hostname.startsWith('[') ? undefined : hostname,
    path,
    head: `POST ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`,
  }
}

/** What would make a request another one than its writer says is no header of it. */
const headerName =
  /^(?!(?:host|connection|content-length|transfer-encoding|te|trailer|upgrade|expect|keep-alive)$)[\w!#$%&'*+.^`|~-]+$/i
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/

/**
 * A whole request, to be written at once: text whose characters are bytes, or bytes.
 *
 * @throws {TypeError} for a header that cannot be sent
 */
export function writeRequest(
  { head }: HttpTarget,
  headers: Readonly<Record<string, string>>,
  body: string,
): string | Buffer {
  let lines = head
  for (const name in headers) {
    const value = headers[name] ?? ''
    if (!headerName.test(name) || !headerValue.test(value))
      throw new TypeError(`The header ${JSON.stringify(name)} cannot be sent.`)
    lines += `${name}: ${value}\r\n`
  }
  const length = Buffer.byteLength(body)
  lines += `content-length: ${length}\r\n\r\n`
  if (length === body.length) return lines + body
  const bytes = Buffer.allocUnsafe(lines.length + length)
  bytes.write(lines, 0, 'latin1')
  bytes.write(body, lines.length, 'utf8')
  return bytes
}
