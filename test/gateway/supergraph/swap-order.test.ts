import { type Concern, createSwapOrder } from '../../../gateway/supergraph/swap-order.ts'

/** Each item is performed until the test lets it end. */
function start(limits: Record<Concern, number> = { own: 2, wake: 2, common: 2 }) {
  const begun: string[] = []
  const ends = new Map<string, () => void>()
  const order = createSwapOrder<string>({
    perform(item, concern) {
      begun.push(`${concern} ${item}`)
      const { promise, resolve } = Promise.withResolvers<void>()
      ends.set(item, resolve)
      return promise
    },
    busynessOf: (item) => Number(/\d+/.exec(item)?.[0] ?? 0),
    limits,
  })
  const end = async (item: string) => {
    ends.get(item)?.()
    await new Promise(setImmediate)
  }
  return { order, begun, end }
}

describe('the order of swaps', () => {
  test('of what concerns many the busiest is next, a few side by side', async () => {
    const { order, begun, end } = start()
    for (const item of ['a1', 'a2', 'a9', 'a5']) order.add(item, 'common')
    expect(begun).toEqual(['common a1', 'common a2'])
    await end('a1')
    await end('a2')
    expect(begun.slice(2)).toEqual(['common a9', 'common a5'])
  })

  test('one client’s own change waits neither for a thousand others nor for those that begin', () => {
    const { order, begun } = start()
    for (let n = 0; n < 1_000; n += 1) order.add(`many ${n}`, 'common')
    for (let n = 0; n < 100; n += 1) order.add(`first ${n}`, 'wake')
    order.add('mine', 'own')
    expect(begun.at(-1)).toBe('own mine')
    expect(begun).toHaveLength(5)
  })

  test('what waits is brought forward, and performed once for all who asked', async () => {
    const { order, begun, end } = start({ own: 1, wake: 1, common: 1 })
    order.add('busy 9', 'common')
    const asked = [order.add('mine', 'common'), order.add('mine', 'own'), order.add('mine', 'common')]
    expect(begun).toEqual(['common busy 9', 'own mine'])
    await end('mine')
    await Promise.all(asked.slice(0, 2))
    // The third asked when it was under way already.
    await end('busy 9')
    expect(begun.slice(2)).toEqual(['common mine'])
  })

  test('what is asked for while it is performed is performed once more, after that', async () => {
    const { order, begun, end } = start()
    const first = order.add('a', 'own')
    const second = order.add('a', 'own')
    expect(begun).toEqual(['own a'])
    await end('a')
    await first
    expect(begun).toEqual(['own a', 'own a'])
    await end('a')
    await second
  })

  test('a failure is told to whoever asked, and the next goes on', async () => {
    const failing = createSwapOrder<string>({
      perform: (item) => (item === 'bad' ? Promise.reject(new Error('broken')) : Promise.resolve()),
      busynessOf: () => 0,
      limits: { own: 1, wake: 1, common: 1 },
    })
    const [bad, good] = await Promise.allSettled([failing.add('bad', 'own'), failing.add('good', 'own')])
    expect([bad.status, good.status]).toEqual(['rejected', 'fulfilled'])
  })
})
