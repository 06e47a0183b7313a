import { hasRedis } from '../support/redis-server.ts'
import { makeTemporaryFolder } from '../support/temporary-folder.ts'
import type { BusKind, Topology } from './fleet.ts'
import { describeVerdict, runDelivery } from './run-delivery.ts'

/*
 * Two minutes of faults, half a minute for each adapter and topology. `npm run delivery` runs as long as wanted, and
 * again from a seed: DELIVERY_SEED repeats here what a failure printed.
 */
const seconds = Number(process.env.DELIVERY_SECONDS ?? 30)
const seed = Number(process.env.DELIVERY_SEED ?? Date.now() % 100_000)

const rounds: [BusKind, Topology][] = [
  ['postgres', 'apart'],
  ['redis', 'apart'],
  ['postgres', 'all in one'],
  ['redis', 'all in one'],
]

if (!hasRedis && process.env.CI) throw new Error('CI has a redis-server: .ci/run installs it.')

describe.each(rounds)('%s, %s', (bus, topology) => {
  const isSkipped = bus === 'redis' && !hasRedis
  const run = isSkipped ? test.skip : test

  run(
    isSkipped
      ? 'SKIPPED, there is no redis-server'
      : 'nothing that was acknowledged is lost, doubled or out of order, whatever is killed or frozen',
    async () => {
      await using folder = await makeTemporaryFolder()
      const options = { folder: folder.path, seed, seconds, bus, topology }
      const verdict = await runDelivery(options)
      if (verdict.faults.length > 0) {
        throw new Error([describeVerdict(options, verdict), ...verdict.deeds].join('\n'))
      }
      expect(verdict.deeds.length).toBeGreaterThan(0)
      expect(verdict.acknowledged).toBeGreaterThan(0)
    },
    (seconds + 420) * 1_000,
  )
})
