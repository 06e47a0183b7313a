import { lookup } from 'node:dns/promises'
import { hostname } from 'node:os'

/**
 * Where others reach a server that listens on `host`. On all addresses of a machine is none that anyone could call: then it
 * is the machine's name, which among containers is that of each copy.
 *
 * @throws when a name that no URL can have is not known to the machine itself
 */
export async function reachableUrl(host: string, port: number, machine = hostname()): Promise<string> {
  const isEvery = host === '0.0.0.0' || host === '::'
  const name = isEvery ? await nameInUrl(machine) : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}

/** One in 280 containers has an id of digits alone, which URLs take for the number of an address. */
async function nameInUrl(machine: string): Promise<string> {
  const isName = URL.parse(`http://${machine}`)?.hostname === machine.toLowerCase()
  return isName ? machine : (await lookup(machine)).address
}
