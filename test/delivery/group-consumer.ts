import { appendFileSync, writeFileSync } from 'node:fs'
import { openBus } from '../../events/bus/open-bus.ts'
import { createLog } from '../../foundation/log.ts'

/** A process of a consumer group: writes down what it is given. One line is one write, whole or not at all. */
const { BUS_URL = '', DELIVERIES = '' } = process.env
const log = createLog('consumer', 'info')
const bus = await openBus({ url: BUS_URL, log })
await bus.subscribe({
  group: 'delivery-test',
  async handle({ subject, type, data }) {
    const version = Object(data).version
    if (type.startsWith('data.record.')) appendFileSync(DELIVERIES, `${subject} ${version}\n`)
  },
})
writeFileSync(`${DELIVERIES}.${process.pid}`, '') // what happens from now on is the group's
