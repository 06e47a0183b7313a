import { parse } from 'graphql'
import type { ClientViewer } from '../../../foundation/viewer.ts'
import { createExecutor } from '../../../gateway/execution/create-executor.ts'
import { createPlanner } from '../../../gateway/planning/create-planner.ts'
import { createSubscribeOperation } from '../../../gateway/subscriptions/subscribe-operation.ts'
import type { RuleCall, RuleOutcome } from '../../../gateway/transports/run-rules.ts'
import type { Subgraph, SubgraphRequest } from '../../../gateway/transports/subgraph-fetch.ts'
import { compose } from '../../federation/compose.ts'
import { generationsOf } from '../../support/generations-of.ts'

const sdl = `type Query { now: Int } type Tick { cursor: String! n: Int }
  type Subscription { tick(from: Int = 1, room: String, after: String): Tick }`
const planner = createPlanner(compose({ clock: { sdl } }))
const query = 'subscription ($room: String, $after: String) { t: tick(room: $room, after: $after) { n } }'

type Rule = (args: RuleCall['args'], viewer: ClientViewer | null) => RuleOutcome

/** A module that says what it was asked, once, and then is quiet. */
function startClock(rule: Rule) {
  const opened: SubgraphRequest['variables'][] = []
  const asked: RuleCall[] = []
  const clock: Subgraph = {
    async fetch() {
      throw new Error('Nobody fetches here.')
    },
    async *subscribe({ variables }, signal) {
      opened.push(variables)
      yield { data: { t__client: { n: opened.length, cursor__gateway: 'c1' } } }
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    },
  }
  const subgraphs = new Map([['clock', clock]])
  const rules = {
    coordinates: new Set(['Subscription.tick']),
    async run(calls: readonly RuleCall[], { viewer }: { viewer: ClientViewer | null }) {
      asked.push(...calls)
      return calls.map(({ args }) => rule(args, viewer))
    },
  }
  const generation = {
    id: '1',
    planner,
    subgraphs,
    rules,
    executor: createExecutor({ ...planner, subgraphs }),
  }
  const generations = generationsOf(async () => ({ generation, [Symbol.dispose]: () => undefined }))
  const subscribeOperation = createSubscribeOperation({ format: (error) => error.toJSON() })
  const subscribe = async (
    keyId: string,
    variables: Record<string, unknown> = {},
    resume?: { cursor: string; hasBegun: boolean },
  ) => {
    const viewer = { kind: 'SERVER', client: 'acme', keyId } as const
    const { signal } = new AbortController()
    const request = { document: parse(query), operationName: undefined, variables, signal, resume }
    return subscribeOperation(
      { ...request, caller: { viewer, depth: 0, traceparent: undefined } },
      generations,
    )
  }
  return { opened, asked, subscribe }
}

async function first(answers: Awaited<ReturnType<ReturnType<typeof startClock>['subscribe']>>) {
  if (!(Symbol.asyncIterator in answers)) throw new Error(`No stream: ${JSON.stringify(answers)}`)
  const { value } = await answers.next()
  return value && JSON.parse(value.text)
}

async function end(answers: object) {
  if ('return' in answers && typeof answers.return === 'function') await answers.return()
}

test('a rule is asked once when the subscription begins, and its arguments go to the module', async () => {
  const { opened, asked, subscribe } = startClock(({ room }) => ({ args: { room: `${room}!`, from: 5 } }))
  const answers = await subscribe('k', { room: 'a', after: 'c0' })
  expect(await first(answers)).toEqual({ data: { t: { n: 1 } } })
  expect(asked).toEqual([{ coordinate: 'Subscription.tick', args: { from: 1, room: 'a', after: 'c0' } }])
  expect(opened).toEqual([expect.objectContaining({ room__root2: 'a!', from__root1: 5 })])
  await end(answers)
})

test('a refused subscription does not begin', async () => {
  const reject = { code: 'NOT_THIS_ROOM', message: 'Elsewhere.' }
  const { opened, subscribe } = startClock(() => ({ reject }))
  const answer = await subscribe('k', { room: 'a' })
  expect(JSON.parse(JSON.stringify(answer))).toMatchObject({
    errors: [{ message: 'Elsewhere.', path: ['t'], extensions: { code: 'NOT_THIS_ROOM', client: 'acme' } }],
  })
  expect(opened).toEqual([])
})

test('a subscriber who comes back is asked about again', async () => {
  const { asked, subscribe } = startClock(({ from }) =>
    asked.length > 1 ? { reject: { code: 'GONE', message: 'No more.' } } : { args: { from } },
  )
  const answers = await subscribe('k')
  await first(answers)
  await end(answers)
  const again = await subscribe('k', {}, { cursor: 'c1', hasBegun: true })
  expect(JSON.parse(JSON.stringify(again))).toMatchObject({ errors: [{ extensions: { code: 'GONE' } }] })
})

test('only what rules left equal is shared', async () => {
  let count = 0
  const { opened, subscribe } = startClock(({ room, ...args }) => {
    count += 1
    return { args: { ...args, room: count < 3 ? 'same' : 'other' } }
  })
  const all = [
    await subscribe('k', { room: 'a' }),
    await subscribe('k', { room: 'a' }),
    await subscribe('k', { room: 'a' }),
  ]
  expect(await Promise.all(all.map(first))).toHaveLength(3)
  expect(opened.map(({ room__root2 }) => room__root2)).toEqual(['same', 'other'])
  await Promise.all(all.map(end))
})
