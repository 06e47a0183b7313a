import { hostname } from 'node:os'
import { reachableUrl } from '../../foundation/reachable-url.ts'

test.each([
  ['127.0.0.1', 'http://127.0.0.1:4000'],
  ['::1', 'http://[::1]:4000'],
  ['data.internal', 'http://data.internal:4000'],
  ['0.0.0.0', `http://${hostname()}:4000`],
  ['::', `http://${hostname()}:4000`],
])('who listens on %s is reached at %s', async (host, url) => {
  expect(await reachableUrl(host, 4000)).toBe(url)
})

test('a machine whose name is a number is reached at its address', async () => {
  expect(await reachableUrl('0.0.0.0', 4000, '5a1f00c0ffee')).toBe('http://5a1f00c0ffee:4000')
  expect(await reachableUrl('0.0.0.0', 4000, '2130706433')).toBe('http://127.0.0.1:4000')
})
