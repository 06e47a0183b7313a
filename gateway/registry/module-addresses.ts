import ipaddr from 'ipaddr.js'

/** From where instances of each module may be served. A module that is not named may be anywhere. */
export type ModuleAddresses = ReadonlyMap<string, readonly string[]>

const hostPattern = /^(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i

/**
 * @param text `users=10.0.0.0/8|users.internal,data=*.svc.cluster.local`: networks, addresses, names of hosts, and
 *   endings of them
 * @returns null when it is not of that form
 */
export function readModuleAddresses(text: string): ModuleAddresses | null {
  const addresses = new Map<string, readonly string[]>()
  for (const entry of text.split(',').map((part) => part.trim())) {
    if (entry === '') continue
    const [, name, list] = /^([a-z][a-z0-9_-]*)=(\S+)$/.exec(entry) ?? []
    const patterns = list?.split('|') ?? []
    if (name === undefined || addresses.has(name) || !patterns.every(isPattern)) return null
    addresses.set(name, patterns)
  }
  return addresses
}

/** Whether an instance of the module may be served from this URL. Other spellings of an address are that address. */
export function isAllowedAddress(addresses: ModuleAddresses, module: string, url: string): boolean {
  const patterns = addresses.get(module)
  if (!patterns) return true
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
  return patterns.some((pattern) => (ipaddr.isValid(host) ? isWithin(host, pattern) : isNamed(host, pattern)))
}

function isWithin(host: string, pattern: string): boolean {
  const address = ipaddr.process(host)
  if (ipaddr.isValid(pattern)) return ipaddr.process(pattern).toString() === address.toString()
  if (!ipaddr.isValidCIDR(pattern)) return false
  const [network, bits] = ipaddr.parseCIDR(pattern)
  return network.kind() === address.kind() && address.match(network, bits)
}

function isNamed(host: string, pattern: string): boolean {
  const name = host.replace(/\.$/, '').toLowerCase()
  const wanted = pattern.toLowerCase()
  return wanted.startsWith('*.') ? name.endsWith(wanted.slice(1)) : name === wanted
}

function isPattern(text: string): boolean {
  return ipaddr.isValid(text) || ipaddr.isValidCIDR(text) || hostPattern.test(text)
}
