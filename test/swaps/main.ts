import { parseArgs } from 'node:util'
import { makeTemporaryFolder } from '../support/temporary-folder.ts'
import { runSwaps } from './run-swaps.ts'

/**
 * `npm run swaps -- --swaps 100 --connections 4`: swaps one client at full traffic, and says what failed. Ends with 1
 * when anything did.
 */
const { values } = parseArgs({
  options: { swaps: { type: 'string', default: '100' }, connections: { type: 'string', default: '4' } },
})
await using folder = await makeTemporaryFolder()
const verdict = await runSwaps({
  folder: `${folder.path}/data`,
  swaps: Number(values.swaps),
  connections: Number(values.connections),
  report: (line) => console.error(line),
})
console.log(
  JSON.stringify(
    { ...verdict, faults: verdict.faults.slice(0, 20), faultCount: verdict.faults.length },
    null,
    2,
  ),
)
process.exitCode = verdict.faults.length === 0 ? 0 : 1
