import { openPostgresBus } from '../../events/postgres-bus.ts'
import { silentLog } from '../../foundation/log.ts'

/** A consumer in a process of its own that never finishes its first event. Argument: the address of the database. */
const [, , databaseUrl = ''] = process.argv
const bus = await openPostgresBus({ databaseUrl, log: silentLog })
await bus.subscribe({
  group: 'a',
  handle(event) {
    process.send?.({ handling: event.subject })
    return new Promise(() => undefined)
  },
})
process.send?.({ ready: true })
