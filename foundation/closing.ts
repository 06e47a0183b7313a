/** What every `start…` and `open…` returns: ends what was begun, waits until it has ended, may be called twice. */
export type Close = () => Promise<void>

/**
 * Ends a service's process when its time has come: on SIGTERM or SIGINT, or when the launcher that started it as a
 * child is gone (its pipe closes), so that no process is ever left behind. A second signal ends it at once.
 */
export function closeWithProcess(close: Close, onError: (error: unknown) => void): void {
  let closing = false
  const end = () => {
    if (closing) process.exit(1)
    closing = true
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
