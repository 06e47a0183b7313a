import { GraphQLError, parse } from 'graphql'
import { TrellisError } from '../../../foundation/errors.ts'
import { createExecutor } from '../../../gateway/execution/create-executor.ts'
import { createPlanner } from '../../../gateway/planning/create-planner.ts'
import type { Answers } from '../../../gateway/subscriptions/read-group.ts'
import { createSubscribeOperation } from '../../../gateway/subscriptions/subscribe-operation.ts'
import type { Generation, SubscriptionLease } from '../../../gateway/subscriptions/upstream.ts'
import { createHttpSubgraph } from '../../../gateway/transports/http-subgraph.ts'
import { createResponseQueue } from '../../../gateway/transports/response-queue.ts'
import { compose, parseSubgraph } from '../../federation/compose.ts'
import { type RunningSubgraph, startSubgraph } from '../../federation/start-subgraph.ts'
import { eventually } from '../../support/eventually.ts'
import { generationsOf } from '../../support/generations-of.ts'

type Tick = { tick: { id: string; n: number } }

const clockSdl = `type Query { now: Int } type Subscription { tick(from: Int): Tick refused: Tick }
  type Tick @key(fields: "id") { id: ID! n: Int }`
const namesSdl = 'type Tick @key(fields: "id") { id: ID! name: String slow: String }'
const colorsSdl = 'type Tick @key(fields: "id") { id: ID! color: String }'

describe('a subscription over several subgraphs', () => {
  let source = createResponseQueue<Tick>(100, () => undefined)
  let opened = 0
  let left: PromiseWithResolvers<void> = Promise.withResolvers()
  let slowCall: PromiseWithResolvers<void> = Promise.withResolvers()
  let clock: RunningSubgraph
  let names: RunningSubgraph
  let colors: RunningSubgraph
  let generation: Generation
  let leases: { taken: number; returned: number }
  const closers: (() => Promise<void>)[] = []
  const subscribeOperation = createSubscribeOperation({ format: (error) => error.toJSON() })

  beforeEach(async () => {
    opened = 0
    left = Promise.withResolvers()
    slowCall = Promise.withResolvers()
    leases = { taken: 0, returned: 0 }
    const open = () => {
      opened++
      source = createResponseQueue<Tick>(100, () => left.resolve())
      return source.responses
    }
    clock = await startSubgraph(parseSubgraph(clockSdl), {
      Subscription: {
        tick: { subscribe: open },
        refused: {
          subscribe() {
            throw new GraphQLError('Not for you.', { extensions: { code: 'FORBIDDEN' } })
          },
        },
      },
    })
    names = await startSubgraph(parseSubgraph(namesSdl), {
      Tick: {
        name: ({ id }: { id: string }) => `tick ${id}`,
        slow() {
          slowCall.resolve()
          return new Promise(() => undefined)
        },
      },
    })
    colors = await startSubgraph(parseSubgraph(colorsSdl), { Tick: { color: () => 'red' } })
    generation = build('1', { clock: clockSdl, names: namesSdl })
  })

  afterEach(async () => {
    for (const close of closers.splice(0)) await close()
    for (const subgraph of [clock, names, colors]) await subgraph.kill()
  })

  function build(id: string, sdls: Record<string, string>): Generation {
    const running: Record<string, RunningSubgraph> = { clock, names, colors }
    const subgraphs = Object.keys(sdls).map((audience) => {
      const endpoint = () => running[audience] && `${running[audience].url}/graphql`
      const options = { audience, endpoint, sign: null, timeoutMs: 5_000 }
      const subgraph = createHttpSubgraph(options)
      closers.push(subgraph.close)
      return [audience, subgraph] as const
    })
    const services = Object.fromEntries(Object.entries(sdls).map(([name, sdl]) => [name, { sdl }]))
    const planner = createPlanner(compose(services))
    const parts = { planner, subgraphs: new Map(subgraphs) }
    return { id, ...parts, rules: null, executor: createExecutor({ ...planner, ...parts }) }
  }

  async function acquire(): Promise<SubscriptionLease> {
    leases.taken++
    return { generation, [Symbol.dispose]: () => void leases.returned++ }
  }

  const generations = generationsOf(acquire)

  function subscribe(
    query: string,
    options: { variables?: Record<string, unknown>; signal?: AbortSignal } = {},
  ) {
    const { variables = {}, signal = new AbortController().signal } = options
    const caller = { viewer: null, depth: 0, traceparent: '00-trace' }
    return subscribeOperation(
      { document: parse(query), operationName: undefined, variables, caller, signal },
      generations,
    )
  }

  async function stream(query: string, options: { signal?: AbortSignal } = {}) {
    const answers = await subscribe(query, options)
    if (!(Symbol.asyncIterator in answers)) throw new Error(`No stream: ${JSON.stringify(answers)}`)
    await eventually('the module has the subscription', () => opened === 1)
    return answers
  }

  async function next(answers: Answers) {
    const { value, done } = await answers.next()
    return done ? 'done' : JSON.parse(value.text)
  }

  const tick = (id: string, n = 1) => source.push({ tick: { id, n } })

  test('each event is answered with the fields of the other subgraphs', async () => {
    const answers = await stream('subscription { it: tick { n title: name } }')
    tick('a', 1)
    tick('b', 2)
    expect(await next(answers)).toEqual({ data: { it: { n: 1, title: 'tick a' } } })
    expect(await next(answers)).toEqual({ data: { it: { n: 2, title: 'tick b' } } })
    expect(names.calls).toHaveLength(2)
    expect(clock.subscribes).toMatchObject([{ traceparent: '00-trace' }])
    source.end()
    expect(await next(answers)).toBe('done')
  })

  test('events are pulled one by one: nothing is fetched for an event nobody has asked for', async () => {
    const answers = await stream('subscription { tick { name } }')
    tick('a')
    tick('b')
    await next(answers)
    expect(names.calls).toHaveLength(1)
    await answers.return()
  })

  test('a dead subgraph costs its field of the event and not the subscription', async () => {
    const answers = await stream('subscription { tick { n name } }')
    await names.kill()
    tick('a')
    expect(await next(answers)).toMatchObject({
      data: { tick: { n: 1, name: null } },
      errors: [{ path: ['tick', 'name'], extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }],
    })
    await answers.return()
  })

  test('return() while an event is awaited ends the module’s side as well', async () => {
    const answers = await stream('subscription { tick { n } }')
    const waiting = answers.next()
    expect(await answers.return()).toEqual({ done: true, value: undefined })
    expect(await waiting).toEqual({ done: true, value: undefined })
    await left.promise
  })

  test('return() before the first event was asked for', async () => {
    const answers = await stream('subscription { tick { n } }')
    await answers.return()
    await left.promise
  })

  test('the client’s signal ends the event in work and the module’s side', async () => {
    const client = new AbortController()
    const answers = await stream('subscription { tick { slow } }', { signal: client.signal })
    tick('a')
    const waiting = answers.next()
    await slowCall.promise
    client.abort()
    expect(await waiting).toEqual({ done: true, value: undefined })
    await left.promise
    await eventually('the lease is given back', () => leases.returned === leases.taken)
  })

  test('a module that dies ends it with one error', async () => {
    const answers = await stream('subscription { tick { n } }')
    tick('a')
    await next(answers)
    await clock.kill()
    await expect(next(answers)).rejects.toMatchObject({ code: 'SUBSCRIPTION_INTERRUPTED' })
    expect(await next(answers)).toBe('done')
  })

  test('a module that cannot be reached', async () => {
    await clock.kill()
    const answers = await subscribe('subscription { tick { n } }')
    if (!(Symbol.asyncIterator in answers)) throw new Error('No stream.')
    await expect(next(answers)).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' })
    expect(await next(answers)).toBe('done')
  })

  test('a module that refuses is heard', async () => {
    const answers = await subscribe('subscription { no: refused { n } }')
    if (!(Symbol.asyncIterator in answers)) throw new Error('No stream.')
    expect(await next(answers)).toMatchObject({
      data: { no: null },
      errors: [{ message: 'Not for you.', path: ['no'], extensions: { code: 'FORBIDDEN' } }],
    })
    expect(await next(answers)).toBe('done')
  })

  test('variables that do not fit are an answer, not a stream', async () => {
    const refused = await subscribe('subscription ($n: Int!) { tick(from: $n) { n } }', {
      variables: { n: 'x' },
    })
    expect(refused).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] })
    expect(leases).toEqual({ taken: 1, returned: 1 })
  })

  test('a new generation takes over with the next event, on the same stream of the module', async () => {
    const answers = await stream('subscription { tick { n name } }')
    tick('a')
    expect(await next(answers)).toEqual({ data: { tick: { n: 1, name: 'tick a' } } })
    const override = colorsSdl.replace('color: String', 'color: String name: String @override(from: "names")')
    generation = build('2', { clock: clockSdl, names: namesSdl, colors: override })
    tick('b')
    await next(answers)
    expect([names.calls.length, colors.calls.length]).toEqual([1, 1])
    expect(opened).toBe(1)
    expect(leases.returned).toBe(leases.taken)
    await answers.return()
  })

  test('a new generation that asks the module something else: a new stream for the events after', async () => {
    const answers = await stream('subscription { tick { n color: id } }')
    tick('a')
    await next(answers)
    const counting = 'type Tick @key(fields: "id") { id: ID! n: Int @override(from: "clock") }'
    generation = build('2', { clock: clockSdl, colors: counting })
    const before = left
    tick('b', 7)
    expect(await next(answers)).toEqual({ data: { tick: { n: 7, color: 'b' } } })
    await before.promise
    await eventually('the new stream', () => opened === 2)
    await answers.return()
  })

  test('an operation the new schema does not have ends it with one error that says why', async () => {
    const answers = await stream('subscription { tick { name } }')
    generation = build('2', { clock: clockSdl })
    tick('a')
    await expect(next(answers)).rejects.toMatchObject({
      extensions: {
        code: 'SUBSCRIPTION_INVALIDATED',
        errors: [{ message: 'Cannot query field "name" on type "Tick".' }],
      },
    })
    expect(await next(answers)).toBe('done')
    await left.promise
  })

  test('a swap ends what is no longer valid at once, without any event', async () => {
    const answers = await stream('subscription { tick { name } }')
    const next = answers.next()
    await eventually('it is counted', () => generations.subscribers() === 1)
    generation = build('2', { clock: clockSdl })
    generations.swapped()
    await expect(next).rejects.toMatchObject({ extensions: { code: 'SUBSCRIPTION_INVALIDATED' } })
    await left.promise
    expect(generations.subscribers()).toBe(0)
    expect(leases.returned).toBe(leases.taken)
  })

  test('a swap between events is noticed by nobody who is still valid', async () => {
    const answers = await stream('subscription { tick { n name } }')
    const pending = next(answers)
    for (const id of ['2', '3', '4']) {
      const { returned } = leases
      generation = build(id, { clock: clockSdl, names: namesSdl, colors: 'type Query { unrelated: Int }' })
      generations.swapped()
      await eventually(`it has moved to ${id}`, () => leases.returned === returned + 1)
    }
    tick('a', 5)
    expect(await pending).toEqual({ data: { tick: { n: 5, name: 'tick a' } } })
    expect(opened).toBe(1)
    await answers.return()
    expect(generations.subscribers()).toBe(0)
  })

  test('a swap after which the module is asked something else opens the new stream at once', async () => {
    const answers = await stream('subscription { tick { n color: id } }')
    const pending = next(answers)
    const before = left
    const counting = 'type Tick @key(fields: "id") { id: ID! n: Int @override(from: "clock") }'
    generation = build('2', { clock: clockSdl, colors: counting })
    generations.swapped()
    await before.promise
    await eventually('the new stream', () => opened === 2)
    tick('b', 7)
    expect(await pending).toMatchObject({ data: { tick: { color: 'b' } } })
    await answers.return()
  })

  test('a client without any schema for a moment ends nothing', async () => {
    const answers = await stream('subscription { tick { n } }')
    const pending = next(answers)
    let refusals = 0
    generations.acquire = async () => {
      refusals += 1
      throw new TrellisError('NO_SCHEMA', 'None.')
    }
    generations.swapped()
    await eventually('it was asked for', () => refusals === 1)
    generations.acquire = acquire
    tick('a', 3)
    expect(await pending).toEqual({ data: { tick: { n: 3 } } })
    await answers.return()
  })

  test('several subscriptions share one socket', async () => {
    const first = await stream('subscription { tick { n } }')
    await subscribe('subscription { tick { id } }').then((answers) => {
      if (Symbol.asyncIterator in answers) closers.push(async () => void (await answers.return()))
    })
    await eventually('both are there', () => opened === 2)
    expect(clock.sockets()).toBe(1)
    await first.return()
  })
})
