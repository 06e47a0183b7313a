import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createSecureContext, getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls'
import { createEgress } from '../../../lambdas/host/egress/create-egress.ts'
import { type Certificate, certify } from '../../support/certify.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts'

/** Who came, by which name, to which address, and for what. */
const seen: { servername: TLSSocket['servername']; address: string | undefined; host: string | undefined }[] =
  []
const authorities = getCACertificates()
let folder: TemporaryFolder
let certificates: { trusted: Certificate; ofNobody: Certificate }
let port = 0
let plainPort = 0
const plain = createHttpServer((_request, response) => response.end('not encrypted'))
const server = createServer(
  {
    SNICallback(name, found) {
      const { key, cert } = name === 'nobody.example' ? certificates.ofNobody : certificates.trusted
      found(null, createSecureContext({ key, cert }))
    },
  },
  (request, response) => {
    const { servername, localAddress: address } = request.socket as TLSSocket
    seen.push({ servername, address, host: request.headers.host })
    const to = new URL(request.url ?? '/', 'https://any').searchParams.get('to')
    if (to) response.writeHead(302, { location: to }).end()
    else response.end('fine')
  },
)

beforeAll(async () => {
  folder = await makeTemporaryFolder()
  certificates = {
    trusted: certify('api.example', folder.path),
    ofNobody: certify('nobody.example', folder.path),
  }
  setDefaultCACertificates([...authorities, certificates.trusted.cert])
  server.listen(0)
  plain.listen(0, '127.0.0.2')
  await Promise.all([once(server, 'listening'), once(plain, 'listening')])
  port = (server.address() as AddressInfo).port
  plainPort = (plain.address() as AddressInfo).port
})
afterAll(async () => {
  setDefaultCACertificates(authorities)
  for (const one of [server, plain]) {
    one.closeAllConnections()
    one.close()
  }
  await folder?.[Symbol.asyncDispose]()
})
beforeEach(() => {
  seen.length = 0
})

/** Names that end in `.example` are public here; only this address of the machine is open. */
const egress = createEgress({
  resolve: async (name) => (name === 'inner.example' ? ['10.0.0.1'] : ['127.0.0.2']),
  allows: (address) => address === '127.0.0.2',
  timeoutMs: 2_000,
})
const outcome = (url: string, grants: readonly string[]) =>
  egress({ url }, grants).then(
    ({ status, body }) => `${status} ${body}`,
    (error) => error.code,
  )
const granted = (name: string) => `${name}:${port}`
const get = (name: string, to = '') =>
  outcome(`https://${name}:${port}/${to && `?to=${encodeURIComponent(to)}`}`, [
    granted(name),
    `http://inner.example:${plainPort}`,
  ])

test('a host is called by its name at the address that was checked', async () => {
  expect(await get('api.example')).toBe('200 fine')
  expect(seen).toEqual([
    { servername: 'api.example', address: '::ffff:127.0.0.2', host: `api.example:${port}` },
  ])
})

test.each([
  ['is of another host', 'other.example'],
  ['nobody has signed that is known', 'nobody.example'],
])('a certificate that %s is refused, and nothing is asked', async (_what, name) => {
  expect(await get(name)).toBe('EGRESS_CERTIFICATE_REFUSED')
  expect(seen).toEqual([])
})

test('a host that does not speak TLS has failed', async () => {
  expect(await outcome(`https://api.example:${plainPort}/`, [`api.example:${plainPort}`])).toBe(
    'EGRESS_FAILED',
  )
})

test('a redirect goes neither to what is not encrypted nor inside', async () => {
  expect(await get('api.example', `http://api.example:${plainPort}/`)).toBe('EGRESS_NOT_GRANTED')
  expect(await get('api.example', `http://127.0.0.2:${plainPort}/`)).toBe('EGRESS_NOT_GRANTED')
  expect(await get('api.example', `http://inner.example:${plainPort}/`)).toBe('EGRESS_ADDRESS_REFUSED')
  expect(seen).toHaveLength(3)
})
