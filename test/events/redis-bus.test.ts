import { hasRedis, startTestRedis } from '../support/redis-server.ts'
import { describeBusContract } from './bus-contract.ts'
import { describeReplayContract } from './replay-contract.ts'

if (!hasRedis && process.env.CI) throw new Error('CI has a redis-server: .ci/run installs it.')

const describeWithRedis = hasRedis ? describe : describe.skip

describeWithRedis(
  hasRedis ? 'the bus on Redis' : 'the bus on Redis: SKIPPED, there is no redis-server',
  () => {
    describeBusContract(startTestRedis)
    describeReplayContract(startTestRedis)
  },
)
