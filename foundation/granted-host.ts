/**
 * What an operator grants a plugin: a host, `api.example.com`, or all hosts below one, `*.example.com`, by HTTPS;
 * `http://` before it lets plain HTTP through, `:8443` behind it another port.
 */
type Grant = { scheme: string; below: boolean; host: string; port: string }

/**
 * Whether one of these grants covers the address.
 *
 * @param url as the URL standard reads it: the host in small letters and ASCII, however it was spelled
 */
export function isGrantedHost(url: URL, grants: readonly string[]): boolean {
  return grants.map(readGrant).some((grant) => {
    if (!grant || url.protocol !== `${grant.scheme}:`) return false
    if (url.port !== (grant.port === defaultPorts.get(grant.scheme) ? '' : grant.port)) return false
    return isOfHost(grant, withoutDot(url.hostname))
  })
}

/** Whether one of these grants is for the host, by whatever protocol and port: a plugin's `needs` name hosts alone. */
export function isGrantedName(host: string, grants: readonly string[]): boolean {
  return grants.map(readGrant).some((grant) => grant !== null && isOfHost(grant, host))
}

const grantFormat =
  /^(?:(?<scheme>https?):\/\/)?(?<below>\*\.)?(?<host>[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(?<port>\d{1,5}))?$/

function readGrant(text: string): Grant | null {
  const { scheme = 'https', below, host, port = '' } = grantFormat.exec(text.toLowerCase())?.groups ?? {}
  return host === undefined ? null : { scheme, below: below !== undefined, host, port }
}

function isOfHost({ below, host }: Grant, name: string): boolean {
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
