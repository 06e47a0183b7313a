import { openBus } from '../../events/open-bus.ts'
import { silentLog } from '../../foundation/log.ts'

/**
 * A consumer in a process of its own, for the group `a`. Arguments: the address of the bus; how it handles: `hang` never
 * finishes an event, `note` says of each when it begins and when it is done.
 */
const [, , url = '', how] = process.argv
const bus = await openBus({ url, log: silentLog, retryDelaysMs: [20, 40] })
await bus.subscribe({
  group: 'a',
  async handle(event) {
    process.send?.({ handling: event.subject, id: event.id })
    if (how === 'hang') await new Promise(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, 2))
    process.send?.({ handled: event.subject, id: event.id })
  },
})
process.send?.({ ready: true })
