import ipaddr from 'ipaddr.js'

/** Of the IPv6 space, what is given out to hosts of the internet; all else is special, or not given out at all. */
const globalUnicast = ipaddr.parseCIDR('2000::/3')
/** Public by their range, and yet a cloud's own door: Azure's, for each of its machines. */
const doors: ReadonlySet<string> = new Set(['168.63.129.16'])

/**
 * Whether an address belongs to a host of the public internet. Not: what is private, local, shared, reserved, or for many;
 * nor an address that carries another in it (mapped, translated, tunnelled), whatever that one is.
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false
  const address = ipaddr.parse(text)
  if (address.range() !== 'unicast' || doors.has(address.toString())) return false
  return address.kind() === 'ipv4' || address.match(globalUnicast)
}

/** Blocks of addresses, `10.0.0.0/8` or one address, and whether another is in one of them. */
export function readAddressBlocks(list: readonly string[]): (address: string) => boolean {
  const blocks = list.map((text) =>
    text.includes('/')
      ? ipaddr.parseCIDR(text)
      : ipaddr.parseCIDR(`${text}/${ipaddr.parse(text).kind() === 'ipv4' ? 32 : 128}`),
  )
  return (text) => {
    const address = ipaddr.parse(text)
    return blocks.some((block) => block[0].kind() === address.kind() && address.match(block))
  }
}
