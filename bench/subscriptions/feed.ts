import { type Message, messageOf } from './scenario.ts'

export type Feed = {
  publish(): void
  /** Every message from now on, for one reader. */
  read(): AsyncGenerator<{ posted: Message }, void, void>
  readers(): number
}

/** Messages in memory. A reader that is behind finds what it missed in its own queue. */
export function createFeed(): Feed {
  const readers = new Set<(message: Message) => void>()
  let published = 0
  return {
    publish() {
      const message = messageOf(++published)
      for (const take of readers) take(message)
    },
    readers: () => readers.size,
    read() {
      const queue: Message[] = []
      let waiter: ((step: IteratorResult<{ posted: Message }, void>) => void) | null = null
      const take = (message: Message) => {
        if (!waiter) return void queue.push(message)
        const resolve = waiter
        waiter = null
        resolve({ done: false, value: { posted: message } })
      }
      const leave = async (): Promise<IteratorResult<{ posted: Message }, void>> => {
        readers.delete(take)
        waiter?.({ done: true, value: undefined })
        waiter = null
        return { done: true, value: undefined }
      }
      readers.add(take)
      return {
        next() {
          const message = queue.shift()
          if (message) return Promise.resolve({ done: false, value: { posted: message } })
          return new Promise((resolve) => {
            waiter = resolve
          })
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
      }
    },
  }
}
