import { makeTemporaryFolder } from '../support/temporary-folder.ts'
import { runSwaps } from './run-swaps.ts'

/** The long run is `npm run swaps -- --swaps 100`. */
test('eight swaps of one of two clients under load: nothing fails, is mixed up, ends without reason, is lost or doubled', async () => {
  await using folder = await makeTemporaryFolder()
  const options = { folder: `${folder.path}/data`, swaps: 8, connections: 2, report: () => undefined }
  const verdict = await runSwaps(options)
  expect(verdict.faults).toEqual([])
  expect(verdict.operations).toBeGreaterThan(100)
  expect(verdict.events).toBeGreaterThan(10)
  expect(verdict.invalidated).toBeGreaterThan(0)
}, 90_000)
