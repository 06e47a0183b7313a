/** What every `start…` and `open…` returns: ends what was begun, waits until it has ended, may be called twice. */
export type Close = () => Promise<void>

/**
 * Waits for what is closing, but no longer than `ms`; then `force` must bring it to its end at once: a caller that
 * hangs does not keep the process.
 */
export async function bounded(close: Close, ms: number, force: () => void): Promise<void> {
  const timer = setTimeout(force, ms)
  try {
    await close()
  } finally {
    clearTimeout(timer)
  }
}

const closesWithinMs = 10_000

/**
 * Ends a service's process when its time has come: on SIGTERM or SIGINT, or when the launcher that started it as a
 * child is gone (its pipe closes), so that no process is ever left behind. A second signal ends it at once,
 * and so does a close that takes longer than ten seconds.
 */
export function closeWithProcess(close: Close, onError: (error: unknown) => void): void {
  let closing = false
  const end = () => {
    if (closing) process.exit(1)
    closing = true
    setTimeout(() => {
      onError(new Error(`not closed within ${closesWithinMs} ms`))
      process.exit(1)
    }, closesWithinMs).unref()
    close().then(
      () => process.exit(0),
      (error) => {
        onError(error)
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
  if (process.channel) process.once('disconnect', end)
}
