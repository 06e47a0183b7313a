import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { tryPort } from '../../launch/free-port.ts'

test('any port that is free is none that the system gives away before it is used', async () => {
  const found = await Promise.all(Array.from({ length: 50 }, () => tryPort('127.0.0.1', 0)))
  for (const port of found) {
    expect(port).toBeGreaterThanOrEqual(20_000)
    expect(port).toBeLessThan(32_768)
  }
})

test('a port that is taken, and a host that is none, say so', async () => {
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  const { port } = holder.address() as AddressInfo
  expect(await tryPort('127.0.0.1', port)).toMatchObject({ code: 'EADDRINUSE' })
  holder.close()
  await once(holder, 'close')
  expect(await tryPort('127.0.0.1', port)).toBe(port)
  expect(await tryPort('203.0.113.1', 0)).toMatchObject({ code: 'EADDRNOTAVAIL' })
})
