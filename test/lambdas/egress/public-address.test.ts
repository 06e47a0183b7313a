import { BlockList } from 'node:net'
import fc from 'fast-check'
import { isGrantedHost, isGrantedName } from '../../../foundation/granted-host.ts'
import { isPublicAddress, readAddressBlocks } from '../../../lambdas/host/egress/public-address.ts'

test.each(['8.8.8.8', '93.184.215.14', '2606:4700:4700::1111', '2001:4860:4860::8888'])(
  '%s is public',
  (address) => {
    expect(isPublicAddress(address)).toBe(true)
  },
)

test.each([
  '0.0.0.0',
  '0.1.2.3',
  '10.1.2.3',
  '100.64.0.1',
  '100.100.100.200',
  '127.0.0.1',
  '127.255.255.254',
  '168.63.129.16',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.1.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::7f00:1',
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8',
  '::ffff:0:127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b:1::7f00:1',
  '100::1',
  '2001::1',
  '2001:db8::1',
  '2002:7f00:1::1',
  '3fff::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fec0::1',
  'ff02::1',
  '',
  'localhost',
  '1.2.3.4.5',
])('%s is not', (address) => {
  expect(isPublicAddress(address)).toBe(false)
})

/** What IANA's registries of special addresses say is not globally reachable: Node's own matcher, our list of blocks. */
test('no address of a special block is public, however many are drawn', () => {
  const special = new BlockList()
  const blocks: [string, number][] = [
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
    ['172.16.0.0', 12],
    ['192.0.0.0', 24],
    ['192.0.2.0', 24],
    ['192.168.0.0', 16],
    ['198.18.0.0', 15],
    ['198.51.100.0', 24],
    ['203.0.113.0', 24],
    ['224.0.0.0', 4],
    ['240.0.0.0', 4],
  ]
  for (const [net, bits] of blocks) special.addSubnet(net, bits)
  const anywhere = fc.ipV4()
  const inBlock = fc.constantFrom(...blocks).chain(([net, bits]) =>
    fc.nat({ max: 2 ** (32 - bits) - 1 }).map((host) => {
      const start = net.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) + host
      return [24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256).join('.')
    }),
  )
  fc.assert(
    fc.property(fc.oneof(anywhere, inBlock), (address) => {
      if (special.check(address)) expect(isPublicAddress(address)).toBe(false)
      expect(isPublicAddress(`::ffff:${address}`)).toBe(false)
    }),
    { numRuns: 2_000 },
  )
})

test('blocks of addresses that are allowed hold those and no others', () => {
  const allows = readAddressBlocks(['10.1.0.0/16', '127.0.0.1', '::1'])
  expect(['10.1.2.3', '127.0.0.1', '::1'].map(allows)).toEqual([true, true, true])
  expect(['10.2.0.1', '127.0.0.2', '::2', '::ffff:127.0.0.1'].map(allows)).toEqual(Array(4).fill(false))
})

test.each<[boolean, string, string[]]>([
  [true, 'https://api.example.com/x', ['api.example.com']],
  [true, 'https://API.EXAMPLE.com', ['api.example.com']],
  [true, 'https://api.example.com.', ['api.example.com']],
  [true, 'https://api。example。com', ['api.example.com']],
  [true, 'https://a.b.example.com', ['*.example.com']],
  [true, 'http://api.example.com', ['http://api.example.com']],
  [true, 'https://api.example.com:8443', ['api.example.com:8443']],
  [true, 'https://api.example.com:443', ['api.example.com:443']],
  [false, 'https://example.com', ['*.example.com']],
  [false, 'https://.example.com', ['*.example.com']],
  [false, 'https://evilexample.com', ['*.example.com', 'example.com']],
  [false, 'https://api.example.com.evil.com', ['api.example.com', '*.example.com']],
  [false, 'https://api-example.com', ['api.example.com']],
  [false, 'http://api.example.com', ['api.example.com']],
  [false, 'https://api.example.com', ['http://api.example.com']],
  [false, 'https://api.example.com:8443', ['api.example.com']],
  [false, 'ftp://api.example.com', ['api.example.com', 'ftp://api.example.com']],
  [false, 'https://anything.com', ['*', '*.*', '**', '', '.', '*.']],
  [false, 'https://api.example.com', []],
])('granted %s: %s by %j', (granted, url, grants) => {
  expect(isGrantedHost(new URL(url), grants)).toBe(granted)
})

test.each<[boolean, string, string[]]>([
  [true, 'api.example.com', ['other.example.com', 'api.example.com']],
  [true, 'api.example.com', ['*.example.com']],
  [true, 'a.b.example.com', ['*.example.com']],
  [true, 'api.example.com', ['http://api.example.com:8080']],
  [true, 'api.example.com', ['*.example.com:8443']],
  [false, 'example.com', ['*.example.com']],
  [false, 'evilexample.com', ['*.example.com', 'example.com']],
  [false, 'api.example.com.evil.com', ['api.example.com', '*.example.com']],
  [false, 'api.example.com', ['*', '*.', '', 'example.com']],
  [false, 'api.example.com', []],
])('a need is met %s: %s by %j', (granted, host, grants) => {
  expect(isGrantedName(host, grants)).toBe(granted)
})
