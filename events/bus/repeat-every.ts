import type { Close } from '../../foundation/closing.ts'
import { createWakeup } from '../wakeup.ts'

/** Again and again, with a rest between. @param work must not reject */
export function repeatEvery(ms: number, work: () => Promise<void>): Close {
  const closing = new AbortController()
  const pause = createWakeup()
  const loop = (async () => {
    while (!closing.signal.aborted) {
      await work()
      await pause.wait(ms, closing.signal)
    }
  })()
  return () => {
    closing.abort()
    return loop
  }
}
