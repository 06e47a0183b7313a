import { setImmediate as turn } from 'node:timers/promises'
import type { Slot } from './generation-slot.ts'

/** Streams that are told of a swap in one turn of the event loop. */
const toldAtOnce = 100

/** Of a swap, a few at a time: each looks whether it is still valid. */
export async function tellStreams({ streams }: Slot): Promise<void> {
  let told = 0
  for (const onSwap of [...streams]) {
    onSwap()
    told += 1
    if (told % toldAtOnce === 0) await turn()
  }
}
