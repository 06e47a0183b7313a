import { setImmediate as turn } from 'node:timers/promises'
import { createGraphTurns } from '../../../lambdas/host/ctx/graph-turns.ts'

/** Questions that are answered when the test says so. */
function openGraph() {
  const underWay: PromiseWithResolvers<string>[] = []
  return {
    underWay,
    ask() {
      const question = Promise.withResolvers<string>()
      underWay.push(question)
      return question.promise
    },
  }
}

const acme = { client: 'acme', depth: 0 }
const living = new AbortController().signal

test('of one client, so many questions are under way at each depth; the others wait for their turn', async () => {
  const inTurn = createGraphTurns(2)
  const { underWay, ask } = openGraph()
  const asked = [1, 2, 3].map(() => inTurn(acme, living, ask))
  await turn()
  expect(underWay).toHaveLength(2)
  underWay[0]?.resolve('first')
  expect(await asked[0]).toBe('first')
  await turn()
  expect(underWay).toHaveLength(3)
  underWay[1]?.reject(new Error('second'))
  await expect(asked[1]).rejects.toThrow('second')
  underWay[2]?.resolve('third')
  expect(await asked[2]).toBe('third')
})

test('nobody waits for other clients, nor for those that wait for them', async () => {
  const inTurn = createGraphTurns(1)
  const { underWay, ask } = openGraph()
  const deeper = { ...acme, depth: 1 }
  const nested = inTurn(acme, living, () => inTurn(deeper, living, ask))
  const others = inTurn({ ...acme, client: 'globex' }, living, ask)
  await turn()
  expect(underWay).toHaveLength(2)
  for (const question of underWay) question.resolve('answered')
  expect(await Promise.all([nested, others])).toEqual(['answered', 'answered'])
})

test('what a call asks is not asked any more when it has ended', async () => {
  const inTurn = createGraphTurns(1)
  const { underWay, ask } = openGraph()
  const call = new AbortController()
  const asked = inTurn(acme, call.signal, ask)
  const waiting = inTurn(acme, call.signal, ask)
  await turn()
  call.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'LAMBDA_TIMEOUT' })
  underWay[0]?.resolve('too late')
  expect(await asked).toBe('too late')
  expect(underWay).toHaveLength(1)
})
