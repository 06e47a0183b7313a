import { openBus } from '../../events/bus/open-bus.ts'
import { silentLog } from '../../foundation/log.ts'

/** A consumer in a process of its own. It reports how long each event was under way, in ms. */
const [, , url = '', workMs = '1'] = process.argv
const bus = await openBus({ url, log: silentLog })
let latencies: number[] = []
setInterval(() => {
  if (latencies.length > 0) process.send?.(latencies)
  latencies = []
}, 20)
await bus.subscribe({
  group: 'bench',
  async handle(event) {
    await new Promise((resolve) => setTimeout(resolve, Number(workMs)))
    latencies.push(Date.now() - Number(event.data.at))
  },
})
process.once('disconnect', () => process.exit())
process.send?.([])
