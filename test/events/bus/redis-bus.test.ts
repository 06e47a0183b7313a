import { eventually } from '../../support/eventually.ts'
import { hasRedis, startTestRedis } from '../../support/redis-server.ts'
import { describeBusContract } from './bus-contract.ts'
import { happened, openBusFixture } from './bus-fixture.ts'
import { describeReplayContract } from './replay-contract.ts'

if (!hasRedis && process.env.CI) throw new Error('CI has a redis-server: .ci/run installs it.')

const describeWithRedis = hasRedis ? describe : describe.skip

describeWithRedis(
  hasRedis ? 'the bus on Redis' : 'the bus on Redis: SKIPPED, there is no redis-server',
  () => {
    describeBusContract(() => startTestRedis())
    describeReplayContract(() => startTestRedis())

    test.concurrent('is acknowledged when a replica has it, where that is asked; repeated, it is delivered once', async () => {
      const primary = await startTestRedis()
      const fixture = await openBusFixture(async () => ({ ...primary, url: `${primary.url}?replicas=1` }))
      const { names, deliveries } = await fixture.consumer(await fixture.open(), 'a')
      const bus = await fixture.open()
      const event = happened('one')
      await expect(bus.publish([event])).rejects.toThrow('0 of 1 replicas')
      const replica = await startTestRedis(primary)
      await eventually('it has a replica', () =>
        bus.publish([event]).then(
          () => true,
          () => false,
        ),
      )
      await bus.publish([happened('two')])
      await eventually('both are delivered', () => names().length === 2)
      expect(deliveries()).toBe(2)
      await replica.close()
      await expect(bus.publish([happened('three')])).rejects.toThrow('0 of 1 replicas')
      await fixture.close()
    })
  },
)
