import Sequencer from '@jest/test-sequencer'

/**
 * Where nothing is known of earlier runs, as in CI, jest takes the length of a file for its duration. What starts whole
 * platforms, other programs or load is short to read: begun last, it would keep one worker busy while the other has
 * nothing left.
 */
export default class LongestFirst extends Sequencer {
  async sort(tests) {
    const sorted = await super.sort(tests)
    const isLong = ({ path }) => /\/test\/(?:delivery|e2e|swaps|prisma|differential|events\/bus)\//.test(path)
    return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))]
  }
}
