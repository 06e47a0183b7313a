import { parse } from 'graphql'
import { createExecutor } from '../../../gateway/execution/create-executor.ts'
import { createPlanner } from '../../../gateway/planning/create-planner.ts'
import type { Answers } from '../../../gateway/subscriptions/read-group.ts'
import { createSubscribeOperation } from '../../../gateway/subscriptions/subscribe-operation.ts'
import type { Generation } from '../../../gateway/subscriptions/upstream.ts'
import { createHttpSubgraph } from '../../../gateway/transports/http-subgraph.ts'
import { createResponseQueue, type ResponseQueue } from '../../../gateway/transports/response-queue.ts'
import type { Subgraph, SubgraphEvent } from '../../../gateway/transports/subgraph-fetch.ts'
import { interrupted } from '../../../gateway/transports/transport-errors.ts'
import { compose, parseSubgraph } from '../../federation/compose.ts'
import { type RunningSubgraph, startSubgraph } from '../../federation/start-subgraph.ts'
import { eventually } from '../../support/eventually.ts'
import { generationsOf } from '../../support/generations-of.ts'
import { createLogModule, type LogModule } from './log-module.ts'

const namesSdl = 'type Change @key(fields: "id") { id: ID! name: String } type Query { names: Int }'

describe('a subscription on a module’s log', () => {
  let module: LogModule
  let names: RunningSubgraph
  let generation: Generation
  let subscribeOperation: ReturnType<typeof create>
  let subgraphs: Map<string, Subgraph>
  let closers: (() => Promise<void>)[]
  const open: Answers[] = []

  beforeEach(async () => {
    module = createLogModule()
    await module.startInstance()
    names = await startSubgraph(parseSubgraph(namesSdl), {
      Change: { name: ({ id }: { id: string }) => `Name of ${id}` },
    })
    const log = createHttpSubgraph({
      audience: 'log',
      endpoint: address(module),
      sign: null,
      timeoutMs: 5_000,
    })
    const other = createHttpSubgraph({
      audience: 'names',
      endpoint: () => `${names.url}/graphql`,
      sign: null,
      timeoutMs: 5_000,
    })
    closers = [log.close, other.close]
    subgraphs = new Map([
      ['log', log],
      ['names', other],
    ])
    generation = build('1')
    subscribeOperation = create()
  })
  afterEach(async () => {
    for (const answers of open.splice(0)) await answers.return()
    await module.close()
    await names.kill()
    for (const close of closers) await close()
  })

  const address = (of: LogModule) => () => {
    const url = of.endpoint()
    return url && `${url}/graphql`
  }
  function build(id: string, sdl = module.sdl): Generation {
    const planner = createPlanner(compose({ log: { sdl }, names: { sdl: namesSdl } }))
    return { id, planner, subgraphs, rules: null, executor: createExecutor({ ...planner, subgraphs }) }
  }
  const generations = generationsOf(async () => ({ generation, [Symbol.dispose]: () => undefined }))
  const create = (patienceMs = 10_000) =>
    createSubscribeOperation({ format: (error) => error.toJSON(), patienceMs })

  type Options = {
    after?: string
    viewer?: string
    variables?: Record<string, unknown>
    signal?: AbortSignal
  }
  const caller = (userId: string) => ({
    viewer: { kind: 'USER' as const, client: 'acme', userId, sessionId: 's', roles: [] },
    depth: 0,
    traceparent: undefined,
  })
  async function subscribe(query: string, options: Options = {}): Promise<Answers> {
    const { after, viewer = 'u1', variables, signal = new AbortController().signal } = options
    const answers = await subscribeOperation(
      {
        document: parse(query),
        operationName: undefined,
        variables: { ...variables, ...(after === undefined ? {} : { after }) },
        caller: caller(viewer),
        signal,
      },
      generations,
    )
    if (!(Symbol.asyncIterator in answers)) throw new Error(`No stream: ${JSON.stringify(answers)}`)
    open.push(answers)
    return answers
  }
  const live = 'subscription ($after: String) { changed(after: $after) { n } }'
  async function take(answers: Answers, count: number): Promise<unknown[]> {
    const taken: unknown[] = []
    while (taken.length < count) {
      const step = await answers.next()
      if (step.done) throw new Error(`Ended after ${JSON.stringify(taken)}`)
      taken.push(JSON.parse(step.value.text).data.changed.n)
    }
    return taken
  }
  const subscribed = (count = 1) => eventually('the module has it', () => module.open() === count)

  describe('goes on behind the client’s back', () => {
    test('when its instance is killed, on another one: nothing lost, nothing twice', async () => {
      const answers = await subscribe(live)
      await subscribed()
      module.append(1, 2)
      expect(await take(answers, 2)).toEqual([1, 2])
      await module.startInstance()
      await module.instances[0]?.kill()
      module.append(3, 4)
      expect(await take(answers, 2)).toEqual([3, 4])
      expect(module.asked).toEqual([null, '2'])
    })

    test('when no instance is there for a while', async () => {
      const answers = await subscribe(live)
      await subscribed()
      module.append(1)
      await take(answers, 1)
      const waiting = take(answers, 2)
      await module.instances[0]?.kill()
      module.append(2, 3)
      const before = module.searches()
      await eventually('it is looked for in vain', () => module.searches() >= before + 3)
      await module.startInstance()
      expect(await waiting).toEqual([2, 3])
    })

    test('when the module closes in an orderly way and completes its streams', async () => {
      const answers = await subscribe(live)
      await subscribed()
      module.append(1)
      await take(answers, 1)
      module.complete()
      module.append(2)
      expect(await take(answers, 1)).toEqual([2])
    })

    test('with the client’s own cursor where nothing has happened yet', async () => {
      module.append(1, 2, 3)
      const answers = await subscribe(live, { after: '3' })
      await subscribed()
      await module.startInstance()
      await module.instances[0]?.kill()
      module.append(4)
      expect(await take(answers, 1)).toEqual([4])
      expect(module.asked).toEqual(['3', '3'])
    })

    test('from where the module says it began, before anything has happened', async () => {
      const asked: Record<string, unknown>[] = []
      const queues: ResponseQueue<SubgraphEvent>[] = []
      subgraphs.set('log', {
        fetch: () => Promise.reject(new Error('Nothing is fetched.')),
        subscribe({ variables }) {
          asked.push({ ...variables })
          const queue = createResponseQueue<SubgraphEvent>(10, () => undefined)
          queues.push(queue)
          return queue.responses
        },
      })
      generation = build('2')
      const answers = await subscribe(live)
      const first = answers.next()
      await eventually('it is asked', () => queues.length === 1)
      queues[0]?.push({ place: '41' })
      queues[0]?.end(interrupted('log'))
      await eventually('it is asked again', () => queues.length === 2)
      queues[1]?.push({ data: { changed: { n: 42, cursor__gateway: '42' } } })
      expect((await first).value).toEqual({ text: '{"data":{"changed":{"n":42}}}', cursor: '42' })
      expect(asked.map(({ after__gateway }) => after__gateway)).toEqual([undefined, '41'])
    })

    test('over many kills', async () => {
      const answers = await subscribe(live)
      await subscribed()
      for (let n = 1; n <= 20; n += 1) {
        module.append(n)
        if (n % 4 === 0) {
          await module.startInstance()
          await module.instances.at(-2)?.kill()
        }
        expect(await take(answers, 1)).toEqual([n])
      }
    })

    test('when a new generation asks the module something else', async () => {
      const query = 'subscription { changed { n name } }'
      const answers = await subscribe(query)
      await subscribed()
      module.append(1)
      await take(answers, 1)
      const before = module.asked.length
      // The key is `cursor` now: the primary fetch has to ask for it.
      generation = build('2', module.sdl.replace('n: Int', 'n: Int extra: Int').replace('kind: String, ', ''))
      module.append(2, 3)
      expect(await take(answers, 2)).toEqual([2, 3])
      expect(module.asked.length).toBeGreaterThanOrEqual(before)
    })
  })

  describe('ends', () => {
    test('with CURSOR_EXPIRED when the log no longer goes back so far', async () => {
      const answers = await subscribe(live)
      await subscribed()
      module.append(1)
      await take(answers, 1)
      await module.instances[0]?.kill()
      module.append(2, 3)
      module.forgetTo(2)
      await module.startInstance()
      await expect(answers.next()).rejects.toMatchObject({ extensions: { code: 'CURSOR_EXPIRED' } })
      expect(await answers.next()).toEqual({ done: true, value: undefined })
    })

    test('with SUBSCRIPTION_INTERRUPTED when no instance comes back in time', async () => {
      subscribeOperation = create(200)
      const answers = await subscribe(live)
      await subscribed()
      module.append(1)
      await take(answers, 1)
      await module.instances[0]?.kill()
      await expect(answers.next()).rejects.toMatchObject({ code: 'SUBSCRIPTION_INTERRUPTED' })
    })

    test('with SUBGRAPH_UNAVAILABLE at once when nothing is there at its beginning', async () => {
      await module.instances[0]?.kill()
      const answers = await subscribe(live, { after: '0' })
      await expect(answers.next()).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' })
    })

    test('with what the module says of a cursor that is no good', async () => {
      module.append(1, 2)
      module.forgetTo(2)
      const answers = await subscribe(live, { after: '1' })
      const { value } = await answers.next()
      expect(JSON.parse(value?.text ?? '')).toMatchObject({
        data: { changed: null },
        errors: [{ path: ['changed'], extensions: { code: 'CURSOR_EXPIRED' } }],
      })
      expect((await answers.next()).done).toBe(true)
    })

    test('for the client that leaves while its module is away', async () => {
      const client = new AbortController()
      const answers = await subscribe(live, { signal: client.signal })
      await subscribed()
      module.append(1)
      await take(answers, 1)
      await module.instances[0]?.kill()
      const waiting = answers.next()
      client.abort()
      expect(await waiting).toEqual({ done: true, value: undefined })
    })
  })

  describe('is shared', () => {
    const named = 'subscription ($after: String) { changed(after: $after) { n name } }'

    test('one stream, one fetch, one text, for all who are answered alike', async () => {
      const all = await Promise.all(Array.from({ length: 20 }, () => subscribe(named)))
      await subscribed()
      module.append(1)
      const steps = await Promise.all(all.map((answers) => answers.next()))
      const texts = steps.map(({ value }) => value?.text)
      expect(new Set(texts)).toEqual(new Set(['{"data":{"changed":{"n":1,"name":"Name of c1"}}}']))
      expect(module.asked).toEqual([null])
      expect(names.calls).toHaveLength(1)
      for (const answers of all.slice(1)) await answers.return()
      expect(module.open()).toBe(1)
      await all[0]?.return()
      await eventually('the module is left', () => module.open() === 0)
    })

    test('not with another viewer, other variables, another document', async () => {
      await subscribe(live)
      await subscribe(live, { viewer: 'u2' })
      await subscribe(`${live} `)
      const kind = 'subscription ($kind: String) { changed(kind: $kind) { n } }'
      await subscribe(kind, { variables: { kind: 'a' } })
      await subscribe(kind, { variables: { kind: 'b' } })
      await subscribed(5)
    })

    test('by late-comers: who comes later has what comes later', async () => {
      const first = await subscribe(live)
      await subscribed()
      module.append(1)
      await take(first, 1)
      const waiting = take(first, 1)
      const second = await subscribe(live)
      module.append(2)
      expect([await waiting, await take(second, 1)]).toEqual([[2], [2]])
      expect(module.asked).toHaveLength(1)
    })

    test('by those who resume: from places of their own until they have come to the same', async () => {
      const first = await subscribe(live)
      await subscribed()
      module.append(1, 2, 3)
      await take(first, 3)
      const waiting = take(first, 1)
      const second = await subscribe(live, { after: '1' })
      expect(await take(second, 2)).toEqual([2, 3])
      const rest = take(second, 2)
      await eventually('they are together', () => module.open() === 1)
      module.append(4)
      expect(await waiting).toEqual([4])
      const last = take(first, 1)
      module.append(5)
      expect([await rest, await last]).toEqual([[4, 5], [5]])
      expect(module.asked).toEqual([null, '1'])
    })

    test('by many who resume from one place at once', async () => {
      module.append(1, 2, 3)
      const all = await Promise.all(Array.from({ length: 10 }, () => subscribe(live, { after: '1' })))
      expect(await Promise.all(all.map((answers) => take(answers, 2)))).toEqual(Array(10).fill([2, 3]))
      expect(module.asked).toEqual(['1'])
    })

    test('with one who does not read: it costs the others nothing, and misses nothing', async () => {
      const slow = await subscribe(live, { after: '0' })
      const quick = await subscribe(live, { after: '0' })
      await subscribed()
      const numbers = Array.from({ length: 1_000 }, (_, index) => index + 1)
      const read = take(quick, 1_000)
      module.append(...numbers)
      expect(await read).toEqual(numbers)
      const late = take(slow, 1_001)
      module.append(1_001)
      expect(await take(quick, 1)).toEqual([1_001])
      expect(await late).toEqual([...numbers, 1_001])
      const both = [take(slow, 1), take(quick, 1)]
      await eventually('they are together again', () => module.open() === 1)
      module.append(1_002)
      expect(await Promise.all(both)).toEqual([[1_002], [1_002]])
    })

    test('a burst larger than what may wait is gone back for', async () => {
      const answers = await subscribe(live)
      await subscribed()
      const numbers = Array.from({ length: 3_000 }, (_, index) => index + 1)
      module.append(...numbers)
      await eventually('it is cut off', () => module.open() === 0)
      expect(await take(answers, 3_000)).toEqual(numbers)
      expect(module.asked.length).toBeGreaterThan(1)
    })
  })
})
