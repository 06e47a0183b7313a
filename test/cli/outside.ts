import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import tls, { type ConnectionOptions, getCACertificates, setDefaultCACertificates } from 'node:tls'
import { certify } from '../support/certify.ts'

export type Seen = {
  method?: string | undefined
  url?: string | undefined
  host?: string | undefined
  sent: string
}

export type Outside = {
  /** What the name servers were asked. */
  asked: string[]
  /** The addresses that were connected to. */
  meant: (string | undefined)[]
  seen: Seen[]
} & AsyncDisposable

/** The net outside of this process: every name has this address, and there a server proves that it is `name` and answers JSON. */
export async function startOutside(
  { name, address, folder }: { name: string; address: string; folder: string },
  answer: object,
): Promise<Outside> {
  const outside: Pick<Outside, 'asked' | 'meant' | 'seen'> = { asked: [], meant: [], seen: [] }
  const { key, cert } = certify(name, folder)
  const server = createServer({ key, cert }, async (request, response) => {
    const { method, url, headers } = request
    outside.seen.push({ method, url, host: headers.host, sent: await text(request) })
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const there = { host: '127.0.0.1', port: (server.address() as AddressInfo).port }

  const [{ resolve4 }, { connect }, authorities] = [Resolver.prototype, tls, getCACertificates()]
  const stand = (owner: object, member: string, value: object) =>
    Object.defineProperty(owner, member, { configurable: true, writable: true, value })
  stand(Resolver.prototype, 'resolve4', async (asked: string) => {
    outside.asked.push(asked)
    return [address]
  })
  stand(tls, 'connect', ({ lookup, ...options }: ConnectionOptions) => {
    lookup?.(options.host ?? '', {}, (_error, found) => outside.meant.push(String(found)))
    return connect({ ...options, ...there })
  })
  setDefaultCACertificates([...authorities, cert])
  return {
    ...outside,
    async [Symbol.asyncDispose]() {
      stand(Resolver.prototype, 'resolve4', resolve4)
      stand(tls, 'connect', connect)
      setDefaultCACertificates(authorities)
      await server[Symbol.asyncDispose]()
    },
  }
}
