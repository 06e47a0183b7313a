import { silentLog } from '../../../foundation/log.ts'
import { eventually } from '../../support/eventually.ts'
import { startPlatform } from '../../support/two-subgraphs.ts'

test('a caller who leaves before the answer is no fault that somebody has to look at', async () => {
  const faults: object[] = []
  const platform = await startPlatform({ log: { ...silentLog, error: (fields) => faults.push(fields) } })
  const { gateway, keys, dataControl } = platform
  try {
    const leaving = new AbortController()
    const answer = fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': keys.sk },
      body: JSON.stringify({ query: '{ waits }' }),
      signal: leaving.signal,
    })
    await dataControl.waiting.promise
    leaving.abort()
    await expect(answer).rejects.toThrow()
    const leases = '{ client(slug: "acme") { generation { leases } } }'
    await eventually('its operation has ended', async () => {
      const { data } = await gateway.query(leases, { 'x-api-key': keys.operator })
      return (data as { client: { generation: { leases: number } } }).client.generation.leases === 0
    })
    expect(faults).toEqual([])
  } finally {
    dataControl.release.resolve('nobody')
    await platform.close()
  }
})
