import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { BusKind, Topology } from './fleet.ts'
import { describeVerdict, runDelivery } from './run-delivery.ts'

/**
 * `npm run delivery -- --seconds 3600 --seed 7 --bus redis --topology apart`: rounds of the delivery test, one after the
 * other, until the time is over; each round has a platform of its own and the seed after the one before. Ends with 1
 * when anything was lost, doubled or out of order; what it leaves then is for looking at.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    round: { type: 'string', default: '120' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
    bus: { type: 'string', default: 'postgres,redis' },
    topology: { type: 'string', default: 'apart,all in one' },
  },
})
const buses = values.bus.split(',') as BusKind[]
const topologies = values.topology.split(',') as Topology[]
const kinds = buses.flatMap((bus) => topologies.map((topology) => ({ bus, topology })))
const deadline = Date.now() + Number(values.seconds) * 1_000
let wrong = 0
for (let round = 0; Date.now() < deadline; round++) {
  const kind = kinds[round % kinds.length]
  if (!kind) throw new Error('There is nothing to run.')
  const folder = await mkdtemp(join(tmpdir(), 'trellis-delivery-'))
  const seconds = Math.min(Number(values.round), Math.ceil((deadline - Date.now()) / 1_000))
  const options = { ...kind, folder, seconds, seed: Number(values.seed) + round, report: console.error }
  const verdict = await runDelivery(options)
  console.log(describeVerdict(options, verdict))
  if (verdict.faults.length > 0) console.log(`  kept: ${folder}\n  ${verdict.deeds.join('\n  ')}`)
  else await rm(folder, { recursive: true })
  wrong += verdict.faults.length
}
process.exitCode = wrong === 0 ? 0 : 1
