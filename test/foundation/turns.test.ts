import { createTurns } from '../../foundation/turns.ts'

const never = new AbortController().signal

test('so many at once; the others in their order; a turn is given back once', async () => {
  const turns = createTurns(2)
  const taken: number[] = []
  const take = async (number: number) => {
    const end = await turns.take(never)
    taken.push(number)
    return end
  }
  const [first, second, third, fourth] = [take(1), take(2), take(3), take(4)]
  const endFirst = await first
  await second
  expect(taken).toEqual([1, 2])
  endFirst?.()
  endFirst?.()
  const endThird = await third
  expect(taken).toEqual([1, 2, 3])
  endThird?.()
  await fourth
  expect(taken).toEqual([1, 2, 3, 4])
})

test('who leaves the line holds nobody up, and who came too late gets none', async () => {
  const turns = createTurns(1)
  const end = await turns.take(never)
  const leaving = new AbortController()
  const left = turns.take(leaving.signal)
  const next = turns.take(never)
  leaving.abort()
  expect(await left).toBeNull()
  end?.()
  const endNext = await next
  expect(endNext).not.toBeNull()
  expect(await turns.take(leaving.signal)).toBeNull()
  endNext?.()
  expect(await turns.take(never)).not.toBeNull()
})
