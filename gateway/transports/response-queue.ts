/**
 * Between a source that pushes and one reader that pulls. A native async generator that waits in `await` does not
 * hear `return()`; this one ends at once, and lets the source go.
 */
export type ResponseQueue<T> = {
  /** The reading end; leaving it (`return()`) ends the queue. */
  responses: AsyncGenerator<T, void, void>
  /** False once the queue is full or has ended. A value heavier than the limit waits alone. @default weight 1 */
  push(value: T, weight?: number): boolean
  /** No more will come. The reader still gets what waits, then `error` if there is one. */
  end(error?: Error): void
}

/**
 * @param limit the weight of all that may wait for the reader
 * @param release called once, when no more can come: let the source go
 */
export function createResponseQueue<T>(limit: number, release: () => void): ResponseQueue<T> {
  type Step = IteratorResult<T, void>
  const done: Step = { done: true, value: undefined }
  const waiting: { value: T; weight: number }[] = []
  let waitingWeight = 0
  const readers: PromiseWithResolvers<Step>[] = []
  let phase: 'open' | 'ended' | { failed: Error } = 'open'

  const end = (error?: Error) => {
    if (phase !== 'open') return
    phase = error ? { failed: error } : 'ended'
    for (const reader of readers.splice(0)) settle(reader)
    release()
  }
  const settle = (reader: PromiseWithResolvers<Step>) => {
    const next = waiting.shift()
    if (next) {
      waitingWeight -= next.weight
      return reader.resolve({ done: false, value: next.value })
    }
    if (phase === 'open') return void readers.push(reader)
    if (phase === 'ended') return reader.resolve(done)
    const { failed } = phase
    phase = 'ended'
    reader.reject(failed)
  }
  const leave = async () => {
    end()
    phase = 'ended'
    waiting.length = 0
    return done
  }

  return {
    push(value, weight = 1) {
      const isFull = waiting.length > 0 && waitingWeight + weight > limit
      if (phase !== 'open' || isFull) return false
      waiting.push({ value, weight })
      waitingWeight += weight
      const reader = readers.shift()
      if (reader) settle(reader)
      return true
    },
    end,
    responses: {
      next() {
        const reader = Promise.withResolvers<Step>()
        settle(reader)
        return reader.promise
      },
      return: leave,
      async throw(error) {
        await leave()
        throw error
      },
      [Symbol.asyncIterator]() {
        return this
      },
      async [Symbol.asyncDispose]() {
        await leave()
      },
    },
  }
}
