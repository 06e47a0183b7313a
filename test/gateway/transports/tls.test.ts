import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import type { ClientTls } from '../../../gateway/transports/http-client.ts'
import { createHttpSubgraph } from '../../../gateway/transports/http-subgraph.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts'

const request = {
  document: '{ a }',
  operationName: undefined,
  variables: {},
  caller: { viewer: null, depth: 0, traceparent: undefined },
}
const { signal } = new AbortController()

describe('a subgraph behind TLS', () => {
  let folder: TemporaryFolder
  let server: Server
  let ca: string
  let sockets: TLSSocket[]
  let requests = 0
  let cut: (request: number) => boolean

  beforeAll(async () => {
    folder = await makeTemporaryFolder()
    const [key, cert] = [join(folder.path, 'key.pem'), join(folder.path, 'cert.pem')]
    const subject = ['-subj', '/CN=subgraph', '-addext', 'subjectAltName=IP:127.0.0.1']
    const output = ['-keyout', key, '-out', cert]
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...output],
      {
        stdio: 'ignore',
      },
    )
    ca = readFileSync(cert, 'utf8')
    server = createServer({ key: readFileSync(key), cert: ca }, (incoming, response) => {
      requests++
      incoming.resume()
      if (cut(requests)) return void incoming.socket.destroy()
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":{"a":1}}')
    })
    server.on('secureConnection', (socket) => sockets.push(socket))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  beforeEach(() => {
    sockets = []
    requests = 0
    cut = () => false
  })
  afterAll(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await folder[Symbol.asyncDispose]()
  })

  const open = (tls?: ClientTls) => {
    const endpoint = () => `https://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`
    return createHttpSubgraph({
      audience: 'data',
      endpoint,
      sign: null,
      timeoutMs: 5_000,
      ...(tls && { tls }),
    })
  }

  test('is called when its authority is trusted, over a kept connection', async () => {
    const subgraph = open({ ca })
    for (let n = 0; n < 3; n++) {
      expect(await subgraph.fetch(request, signal)).toEqual({ data: { a: 1 } })
    }
    expect(sockets).toHaveLength(1)
    expect(sockets[0]?.alpnProtocol).not.toBe('h2')
    await subgraph.close()
  })

  test('is not called when nobody vouches for it', async () => {
    const subgraph = open()
    await expect(subgraph.fetch(request, signal)).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' })
    expect(requests).toBe(0)
    await subgraph.close()
  })

  test('a new connection that breaks is no kept one, whatever TLS had to say on it', async () => {
    cut = () => true
    const subgraph = open({ ca })
    await expect(subgraph.fetch(request, signal)).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' })
    expect(requests).toBe(1)
    await subgraph.close()
  })

  test('a kept connection that breaks: the query is asked once more', async () => {
    cut = (count) => count === 2
    const subgraph = open({ ca })
    await subgraph.fetch(request, signal)
    expect(await subgraph.fetch(request, signal)).toEqual({ data: { a: 1 } })
    expect(requests).toBe(3)
    await subgraph.close()
  })
})
