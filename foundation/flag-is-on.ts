import { createHash } from 'node:crypto'
import { actorOf, type ClientViewer } from './viewer.ts'

export type FlagSetting = {
  name: string
  enabled: boolean
  /** Of the viewers, 0 to 100; null: all of them. */
  percent: number | null
}

/** The same viewer is always on the same side of a percentage, and on another side of another flag's. */
export function flagIsOn({ name, enabled, percent }: FlagSetting, viewer: ClientViewer): boolean {
  if (!enabled || percent === null) return enabled
  const hash = createHash('sha256')
    .update(JSON.stringify([name, viewer.client, actorOf(viewer)]))
    .digest()
  return (hash.readUInt32BE(0) / 2 ** 32) * 100 < percent
}
