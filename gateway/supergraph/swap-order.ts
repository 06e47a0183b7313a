/** Why something is built: a change of this client alone, its first request, or a change of what many clients have. */
export type Concern = 'own' | 'wake' | 'common'

/**
 * In which order generations are built and swapped. Each concern has places of its own, so that one client's change
 * waits neither for those that begin nor for a thousand others; among those that wait the busiest is next.
 */
export type SwapOrder<Item> = {
  /** Settles when the item has been performed after this call; what waits already is performed once. */
  add(item: Item, concern: Concern): Promise<void>
}

export type SwapOrderOptions<Item> = {
  perform(item: Item, concern: Concern): Promise<void>
  busynessOf(item: Item): number
  /** How many side by side. */
  limits?: Readonly<Record<Concern, number>>
}

/** Threads have one or two things to do at a time; meanwhile another has its schemas built, or waits for its warmth. */
const defaultLimits = { own: 4, wake: 4, common: 3 }
/** Whoever waits for two reasons waits for the first of them. */
const concerns = ['own', 'wake', 'common'] as const

type Waiting = { concern: Concern; settling: PromiseWithResolvers<void> }

export function createSwapOrder<Item>(options: SwapOrderOptions<Item>): SwapOrder<Item> {
  const { perform, busynessOf, limits = defaultLimits } = options
  const waiting = new Map<Item, Waiting>()
  const running = new Map<Item, Concern>()

  const hasPlace = (concern: Concern) =>
    running
      .values()
      .filter((other) => other === concern)
      .toArray().length < limits[concern]
  const nextOf = (concern: Concern) => {
    let next: { item: Item; settling: PromiseWithResolvers<void> } | undefined
    for (const [item, { concern: its, settling }] of waiting) {
      if (its !== concern || running.has(item)) continue
      if (!next || busynessOf(item) > busynessOf(next.item)) next = { item, settling }
    }
    return next
  }
  const start = (item: Item, concern: Concern, { resolve, reject }: PromiseWithResolvers<void>) => {
    waiting.delete(item)
    running.set(item, concern)
    const ended = () => {
      running.delete(item)
      workOn()
    }
    perform(item, concern).then(resolve, reject).finally(ended)
  }
  const workOn = () => {
    for (const concern of concerns) {
      while (hasPlace(concern)) {
        const next = nextOf(concern)
        if (!next) break
        start(next.item, concern, next.settling)
      }
    }
  }

  return {
    add(item, concern) {
      const known = waiting.get(item)
      const settling = known?.settling ?? Promise.withResolvers<void>()
      waiting.set(item, { concern: known ? first(known.concern, concern) : concern, settling })
      workOn()
      return settling.promise
    },
  }
}

function first(one: Concern, other: Concern): Concern {
  return concerns.indexOf(one) < concerns.indexOf(other) ? one : other
}
