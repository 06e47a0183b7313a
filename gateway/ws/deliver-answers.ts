import type { Answers, Step } from '../subscriptions/read-group.ts'
import type { SocketChannel } from './socket-channel.ts'

export type Delivery = {
  answers: Answers
  channel: SocketChannel
  /** Whether anybody still wants them. */
  isWanted(): boolean
  /** Deals with one step, and says whether to go on. What it throws is for `fail`. */
  take(step: Step): boolean
  fail(error: unknown): void
}

/**
 * Hands on answers as they come and as the network takes them. Without a promise for each message: of those there are
 * very many.
 */
export function deliverAnswers({ answers, channel, isWanted, take, fail }: Delivery): void {
  const poll = answers.poll ?? pollOf(answers)
  const pump = () => {
    try {
      while (isWanted()) {
        if (channel.isFull()) return void channel.drained().then(pump)
        const step = poll(pump)
        if (!step || !take(step)) return
      }
    } catch (error) {
      fail(error)
    }
  }
  pump()
}

/** For answers that can only be awaited. */
function pollOf(answers: Answers): NonNullable<Answers['poll']> {
  let taken: { step: Step } | { error: unknown } | null = null
  return (wake) => {
    const ready = taken
    taken = null
    if (ready && 'error' in ready) throw ready.error
    if (ready) return ready.step
    answers.next().then(
      (step) => {
        taken = { step }
        wake()
      },
      (error) => {
        taken = { error }
        wake()
      },
    )
    return null
  }
}
