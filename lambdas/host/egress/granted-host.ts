/**
 * Whether one of these grants covers the address. A grant is a host, `api.example.com`, or all hosts below one,
 * `*.example.com`, by HTTPS; `http://` before it lets plain HTTP through, `:8443` behind it another port.
 *
 * @param url as the URL standard reads it: the host in small letters and ASCII, however it was spelled
 */
export function isGrantedHost(url: URL, grants: readonly string[]): boolean {
  return grants.some((grant) => covers(grant, url))
}

const grantFormat =
  /^(?:(?<scheme>https?):\/\/)?(?<below>\*\.)?(?<host>[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(?<port>\d{1,5}))?$/

function covers(grant: string, url: URL): boolean {
  const {
    scheme = 'https',
    below,
    host = '',
    port = '',
  } = grantFormat.exec(grant.toLowerCase())?.groups ?? {}
  if (host === '' || url.protocol !== `${scheme}:`) return false
  if (url.port !== (port === defaultPorts.get(scheme) ? '' : port)) return false
  const name = withoutDot(url.hostname)
  return below ? name.endsWith(`.${host}`) && name.length > host.length + 1 : name === host
}

const defaultPorts: ReadonlyMap<string, string> = new Map([
  ['https', '443'],
  ['http', '80'],
])

/** `example.com.` is the same host, spelled to the root. */
export function withoutDot(hostname: string): string {
  return hostname.endsWith('.') ? hostname.slice(0, -1) : hostname
}
