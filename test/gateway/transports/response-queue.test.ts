import { createResponseQueue } from '../../../gateway/transports/response-queue.ts'

describe('a response queue', () => {
  let released = 0
  const open = (limit = 10) => createResponseQueue<number>(limit, () => released++)
  beforeEach(() => {
    released = 0
  })

  test('values in order, before and after they are asked for', async () => {
    const { push, end, responses } = open()
    push(1)
    const [first, second] = [responses.next(), responses.next()]
    push(2)
    push(3)
    end()
    expect([await first, await second]).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
    ])
    expect(await Array.fromAsync(responses)).toEqual([3])
    expect(released).toBe(1)
  })

  test('an error comes after what waits, and once', async () => {
    const { push, end, responses } = open()
    push(1)
    end(new Error('gone'))
    end(new Error('again'))
    expect(push(2)).toBe(false)
    expect(await responses.next()).toEqual({ done: false, value: 1 })
    await expect(responses.next()).rejects.toThrow('gone')
    expect(await responses.next()).toEqual({ done: true, value: undefined })
  })

  test('no more than its limit waits', async () => {
    const { push, responses } = open(2)
    expect([push(1), push(2), push(3)]).toEqual([true, true, false])
    await responses.next()
    expect(push(4)).toBe(true)
  })

  test('return() settles a reader that waits, lets the source go and drops what is queued', async () => {
    const { push, responses } = open()
    const waiting = responses.next()
    await responses.return()
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(push(1)).toBe(false)
    expect(released).toBe(1)
    const full = open()
    full.push(1)
    await full.responses.return()
    expect(await full.responses.next()).toEqual({ done: true, value: undefined })
  })

  test('an error for a reader that waits', async () => {
    const { end, responses } = open()
    const waiting = responses.next()
    end(new Error('gone'))
    await expect(waiting).rejects.toThrow('gone')
  })
})
