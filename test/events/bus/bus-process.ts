import { openBus } from '../../../events/bus/open-bus.ts'
import { silentLog } from '../../../foundation/log.ts'

/**
 * A consumer in a process of its own, for the group `a`. Arguments: the address of the bus; how it handles: `hang` never
 * finishes an event, `note` says of each when it begins and when it is done; both say what they are given by a replay.
 */
const [, , url = '', how] = process.argv
const say = (what: object) => process.send?.(what)
const bus = await openBus({ url, log: silentLog, retryDelaysMs: [20, 40] })
await bus.subscribe({
  group: 'a',
  async handle(event) {
    say({ handling: event.subject, id: event.id })
    if (how === 'hang') await new Promise(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, 2))
    say({ handled: event.subject, id: event.id })
  },
  replay: {
    async begin() {
      say({ replay: 'begin' })
    },
    async handle({ subject, data }) {
      await new Promise((resolve) => setTimeout(resolve, 20))
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
