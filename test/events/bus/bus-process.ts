import { once } from 'node:events'
import { openBus } from '../../../events/bus/open-bus.ts'
import { silentLog } from '../../../foundation/log.ts'

/**
 * A consumer in a process of its own, for the group `a`. Arguments: the address of the bus, and how many events of each
 * subject it handles, live and of a replay; it holds the next one until its parent says something. It tells of each event
 * when it begins and when it is done.
 */
const [, , url = '', handled = ''] = process.argv
const say = (what: object) => process.send?.(what)
const toGoOn = once(process, 'message')
const bus = await openBus({ url, log: silentLog, retryDelaysMs: [20, 40] })
const [holdLive, holdReplayed] = [createHold(), createHold()]
await bus.subscribe({
  group: 'a',
  async handle({ subject, id }) {
    say({ handling: subject, id })
    await holdLive(subject)
    say({ handled: subject, id })
  },
  replay: {
    async begin() {
      say({ replay: 'begin' })
    },
    async handle({ subject, data }) {
      await holdReplayed(subject)
      say({ replayed: subject, name: data.name })
    },
    async end() {
      say({ replay: 'end' })
    },
    async abandon() {
      say({ replay: 'abandon' })
    },
  },
})
say({ ready: true })

/** In the middle is where something has been done, and something has not. */
function createHold(): (subject: string) => Promise<unknown> {
  const counts = new Map<string, number>()
  return async (subject) => {
    const count = counts.get(subject) ?? 0
    counts.set(subject, count + 1)
    if (count >= Number(handled)) await toGoOn
  }
}
