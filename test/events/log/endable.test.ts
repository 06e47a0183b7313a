import { endable } from '../../../events/log/endable.ts'

const forever = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))

const done = { done: true, value: undefined }

test('goes through to its natural end', async () => {
  const generator = endable([new AbortController().signal], async function* () {
    yield 1
    yield 2
  })
  const seen: number[] = []
  for await (const value of generator) seen.push(value)
  expect(seen).toEqual([1, 2])
})

test('return() ends one that waits, before it has begun, and a second time', async () => {
  const generator = endable([], async function* (signal) {
    yield 1
    await forever(signal)
  })
  await generator.next()
  const waiting = generator.next()
  expect(await generator.return()).toEqual(done)
  expect(await waiting).toEqual(done)
  expect(await generator.return()).toEqual(done)
  let begun = false
  // biome-ignore lint/correctness/useYield: it must not even begin
  const unbegun = endable<never>([], async function* () {
    begun = true
  })
  expect(await unbegun.return()).toEqual(done)
  expect(await unbegun.next()).toEqual(done)
  expect(begun).toBe(false)
})

test('each of its signals ends it, and `await using` does', async () => {
  for (const which of [0, 1]) {
    const controllers = [new AbortController(), new AbortController()]
    const generator = endable<number>(
      controllers.map(({ signal }) => signal),
      async function* (signal) {
        await forever(signal)
        if (!signal.aborted) yield 1
      },
    )
    const waiting = generator.next()
    controllers[which]?.abort()
    expect(await waiting).toEqual(done)
  }
  let ended = false
  {
    await using generator = endable([], async function* () {
      try {
        yield 1
      } finally {
        ended = true
      }
    })
    await generator.next()
  }
  expect(ended).toBe(true)
})

test('leaves nothing on a signal that outlives it', async () => {
  const { signal } = new AbortController()
  let listeners = 0
  const add = signal.addEventListener.bind(signal)
  const remove = signal.removeEventListener.bind(signal)
  const counted = Object.assign(signal, {
    addEventListener: (...args: Parameters<typeof add>) => {
      listeners += 1
      add(...args)
    },
    removeEventListener: (...args: Parameters<typeof remove>) => {
      listeners -= 1
      remove(...args)
    },
  })
  const failing = endable([counted], async function* () {
    yield 1
    throw new Error('broken')
  })
  await failing.next()
  expect(listeners).toBe(1)
  await expect(failing.next()).rejects.toThrow('broken')
  expect(listeners).toBe(0)
  await endable([counted], async function* () {
    yield 1
  }).return()
  expect(listeners).toBe(0)
})
