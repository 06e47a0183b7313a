import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

/**
 * Below those that the system hands out by itself (from 32,768 on Linux, 49,152 elsewhere): one of these would be
 * somebody else's now and then before its own process listens.
 */
const first = 20_000
const last = 32_767

/**
 * Whether a process may listen there later: the port, or what listening now has failed with.
 *
 * @param port 0: any that is free
 */
export async function tryPort(host: string, port: number): Promise<number | NodeJS.ErrnoException> {
  for (;;) {
    const found = await tryToListen(host, port || randomInt(first, last + 1))
    if (typeof found === 'number' || port !== 0 || found.code !== 'EADDRINUSE') return found
  }
}

async function tryToListen(host: string, port: number): Promise<number | NodeJS.ErrnoException> {
  const server = createServer()
  try {
    server.listen(port, host)
    await once(server, 'listening')
    const address = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    return address.port
  } catch (error) {
    return error as NodeJS.ErrnoException
  }
}
