import { createContext, Script } from 'node:vm'

/** The work took longer than it may. */
export class TimeExceeded extends Error {
  override name = 'TimeExceeded'
}

const context = createContext({ work: undefined })
const script = new Script('work()')

/** Work that got so much of its time is what took it; with less, somebody else did. */
const worksFraction = 0.5

/** How often a process may be frozen or starved in the middle of one piece of work before that counts as the work's fault. */
const mostAttempts = 10

/**
 * Runs synchronous work and stops it when its time is up, in the middle of a regular expression too. The watchdog's
 * clock goes on while this process is frozen or gets no processor, which is not the work's fault: work that was stopped
 * with less computing done than it may is begun again, so it must have no effects. The context is here for its watchdog
 * only and is no boundary: `work` has all that its own closure has. Costs about 70 us.
 *
 * @param ms of computing
 * @throws {TimeExceeded} after `ms`; otherwise whatever `work` throws
 */
export function withinTime<T>(ms: number, work: () => T): T {
  for (let attempt = 1; attempt <= mostAttempts; attempt++) {
    const before = process.threadCpuUsage()
    const result = runOnce(ms, work)
    if (result) return result.value
    const { user, system } = process.threadCpuUsage(before)
    if ((user + system) / 1_000 >= ms * worksFraction) break
  }
  throw new TimeExceeded(`Stopped after ${ms} ms.`)
}

/** @returns nothing when it was stopped */
function runOnce<T>(ms: number, work: () => T): { value: T } | undefined {
  let result: { value: T } | undefined
  context.work = () => {
    result = { value: work() }
  }
  try {
    script.runInContext(context, { timeout: ms })
  } catch (error) {
    if (!hasCode(error) || error.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    return undefined
  } finally {
    context.work = undefined
  }
  if (!result) throw new Error('The work ended without a result.')
  return result
}

function hasCode(error: unknown): error is { code: unknown } {
  return typeof error === 'object' && error !== null && 'code' in error
}
