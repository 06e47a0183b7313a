import type { HandlerContext, KeyValueStore } from '@trellis/sdk/plugin'

/** What was ordered on one day, UTC. */
export type OrderDay = { day: string; orders: number; total: number }

const countedForSeconds = 30 * 86_400
const attempts = 10

/**
 * Adds an order to its day. An event comes at least once, and other copies of this handler run at the same time: the
 * event is noted, and the sum is only replaced where it is still the one that was read.
 */
export async function countOrder(
  event: { id: string; time: string },
  total: number,
  { kv }: Pick<HandlerContext, 'kv'>,
): Promise<void> {
  const day = event.time.slice(0, 10)
  const key = `day:${day}`
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const known = await kv.get<OrderDay & { last: string[] }>(key)
    if (known?.last.includes(event.id)) return
    const { orders = 0, total: sum = 0, last = [] } = known ?? {}
    const next = { day, orders: orders + 1, total: sum + total, last: [...last, event.id].slice(-200) }
    if (await kv.set(key, next, { ifEquals: known, ttlSeconds: countedForSeconds })) return
  }
  throw new Error(`${key} was changed by others ${attempts} times.`)
}

/** The last days on which something was ordered, the newest first. */
export async function lastDays(first: number, { kv }: { kv: KeyValueStore }): Promise<OrderDay[]> {
  const entries = await kv.list<OrderDay>({ prefix: 'day:' })
  return entries
    .map(({ value: { day, orders, total } }) => ({ day, orders, total }))
    .reverse()
    .slice(0, Math.max(0, first))
}
