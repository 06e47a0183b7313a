import { openPostgresBus } from '../../../events/bus/postgres/postgres-bus.ts'
import { startRelay } from '../../../events/log/relay.ts'
import { defaultRetention } from '../../../events/log/trim-log.ts'
import { silentLog } from '../../../foundation/log.ts'

/** A relay in a process of its own, for what can only be done to a process. Argument: the address of the database. */
const [, , databaseUrl = ''] = process.argv
const bus = await openPostgresBus({ databaseUrl, log: silentLog })
startRelay({ databaseUrl, source: 'test', bus, log: silentLog, retention: defaultRetention })
