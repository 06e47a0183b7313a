import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { TrellisError } from '../../../foundation/errors.ts'
import { withoutDot } from '../../../foundation/granted-host.ts'
import { isPublicAddress } from './public-address.ts'

/** All addresses of a name. Throws, or gives none, when there is no such name. */
export type Resolve = (name: string) => Promise<readonly string[]>

export type Address = { address: string; family: 4 | 6 }

/**
 * Asks the name servers, and not the machine's own tables: those are of this house. It holds no thread, so that a name
 * whose server is slow keeps nobody else waiting.
 */
export function createResolve(timeoutMs: number): Resolve {
  return async (name) => {
    const resolver = new Resolver({ timeout: timeoutMs, tries: 2 })
    const found = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
    return found.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  }
}

/**
 * The addresses to connect to. One that is not public spoils them all: a name that has both is out to deceive.
 *
 * @param allows addresses that may be called though they are not public
 * @throws {TrellisError} EGRESS_FAILED, EGRESS_ADDRESS_REFUSED
 */
export async function resolveHost(
  { hostname }: URL,
  resolve: Resolve,
  allows: (address: string) => boolean,
): Promise<Address[]> {
  const literal = hostname.replace(/^\[|\]$/g, '')
  const found = isIP(literal) ? [literal] : await resolve(withoutDot(hostname)).catch(() => [])
  if (found.length === 0) throw new TrellisError('EGRESS_FAILED', `The host ${hostname} has no address.`)
  if (!found.every((address) => isPublicAddress(address) || allows(address)))
    throw new TrellisError(
      'EGRESS_ADDRESS_REFUSED',
      `The host ${hostname} has an address that is not of the public internet.`,
    )
  return found.map((address) => ({ address, family: isIP(address) === 6 ? 6 : 4 }))
}
