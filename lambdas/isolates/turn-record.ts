import { writeSync } from 'node:fs'

/**
 * Whose code runs right now, in a file that outlives this process: what a crash of the engine leaves behind, so that
 * the host knows whose it was. Some crashes cannot be caught: V8 ends the process for a length it cannot make.
 */
export type TurnRecord = {
  /** @returns to be called when the turn is over */
  begin(client: string): () => void
}

const slotBytes = 128

/** @param fd an open file, empty */
export function openTurnRecord(fd: number): TurnRecord {
  const free: number[] = []
  let slots = 0
  const empty = Buffer.alloc(slotBytes)
  return {
    begin(client) {
      const slot = free.pop() ?? slots++
      const name = Buffer.alloc(slotBytes)
      name.write(client)
      writeSync(fd, name, 0, slotBytes, slot * slotBytes)
      return () => {
        writeSync(fd, empty, 0, slotBytes, slot * slotBytes)
        free.push(slot)
      }
    },
  }
}

/** The clients whose code ran when the record was last written. */
export function readTurnRecord(record: Buffer): string[] {
  const names = new Set<string>()
  for (let at = 0; at < record.length; at += slotBytes) {
    const slot = record.toString('utf8', at, at + slotBytes).replace(/\0+$/, '')
    if (slot !== '') names.add(slot)
  }
  return [...names]
}
