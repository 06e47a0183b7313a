/**
 * An async generator that ends when it is told to, also while it waits: a plain one that is stuck on an `await` lets
 * `return()` wait for as long.
 *
 * @param produce its waits must end when the signal it is given aborts, and it must return then
 */
export function endable<T>(
  signals: readonly AbortSignal[],
  produce: (signal: AbortSignal) => AsyncGenerator<T, void, void>,
): AsyncGenerator<T, void, void> {
  const ending = new AbortController()
  const end = () => {
    for (const signal of signals) signal.removeEventListener('abort', end)
    ending.abort()
  }
  for (const signal of signals) signal.addEventListener('abort', end)
  if (signals.some((signal) => signal.aborted)) end()

  async function* guarded() {
    try {
      if (!ending.signal.aborted) yield* produce(ending.signal)
    } finally {
      end()
    }
  }
  const inner = guarded()
  return {
    next: () => inner.next(),
    return() {
      end()
      return inner.return()
    },
    throw(error) {
      end()
      return inner.throw(error)
    },
    [Symbol.asyncIterator]() {
      return this
    },
    async [Symbol.asyncDispose]() {
      end()
      await inner.return()
    },
  }
}
