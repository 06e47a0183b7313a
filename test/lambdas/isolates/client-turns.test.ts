import { createClientTurns } from '../../../lambdas/isolates/client-turns.ts'

test('turns of a client are taken one at a time, first come first served', async () => {
  const turns = createClientTurns(() => 1_000)
  const seen: string[] = []
  const done = Promise.withResolvers<void>()
  for (const name of ['a', 'b', 'c'])
    turns.take(async () => {
      seen.push(`${name} begins`)
      await Promise.resolve()
      seen.push(`${name} ends`)
      if (name === 'c') done.resolve()
      return 0
    })
  expect(turns.waiting()).toBe(3)
  await done.promise
  expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})

test('who has used up the CPU time of a second waits for more of it', async () => {
  const turns = createClientTurns(() => 1_000)
  const startedAt = performance.now()
  const done = Promise.withResolvers<void>()
  turns.take(async () => 1_100)
  turns.take(async () => {
    done.resolve()
    return 0
  })
  await done.promise
  // 100 ms more than there were, at one a millisecond.
  expect(performance.now() - startedAt).toBeGreaterThan(90)
})
