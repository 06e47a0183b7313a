import { createClient } from 'graphql-sse'
import { createApiKey, revokeApiKey } from '../../../gateway/registry/api-keys.ts'
import { eventually } from '../../support/eventually.ts'
import { type Platform, startPlatform } from '../../support/two-subgraphs.ts'
import { type LogGateway, startLogGateway } from '../subscriptions/log-gateway.ts'

type Event = { id?: string; event?: string; data?: string }

/** Reads an event stream as the HTML standard says, comments left out. */
async function* readEvents(response: Response): AsyncGenerator<Event> {
  if (!response.body) throw new Error('No body.')
  let rest = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + chunk).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const event: Event = {}
      for (const line of block.split('\n')) {
        const [, field, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? []
        if (field === 'id' || field === 'event' || field === 'data') event[field] = value
      }
      if (event.event) yield event
    }
  }
}

const json = { accept: 'text/event-stream', 'content-type': 'application/json' }

describe('an event stream of a log', () => {
  let gateway: LogGateway
  const leaving: AbortController[] = []
  beforeEach(async () => {
    gateway = await startLogGateway()
  })
  afterEach(async () => {
    for (const controller of leaving.splice(0)) controller.abort()
    await gateway.close()
  })
  const query = 'subscription ($after: String) { changed(after: $after) { n } }'
  const open = async (body: object, headers: Record<string, string> = {}) => {
    const controller = new AbortController()
    leaving.push(controller)
    const { signal } = controller
    return fetch(gateway.url, {
      method: 'POST',
      headers: { ...json, ...headers },
      body: JSON.stringify(body),
      signal,
    })
  }
  const next = async (events: AsyncGenerator<Event>) => (await events.next()).value

  test('events with their cursors as ids, by POST and by GET', async () => {
    const { module } = gateway
    const posted = await open({ query, variables: { after: '0' } })
    expect(posted.status).toBe(200)
    expect(posted.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    const url = `${gateway.url}?${new URLSearchParams({ query, variables: '{"after":"0"}' })}`
    const controller = new AbortController()
    leaving.push(controller)
    const got = await fetch(url, { headers: { accept: 'text/event-stream' }, signal: controller.signal })
    const streams = [readEvents(posted), readEvents(got)]
    module.append(1, 2)
    for (const events of streams) {
      expect(await next(events)).toEqual({ id: '1', event: 'next', data: '{"data":{"changed":{"n":1}}}' })
      expect(await next(events)).toEqual({ id: '2', event: 'next', data: '{"data":{"changed":{"n":2}}}' })
    }
    expect(module.asked).toEqual(['0'])
  })

  test('goes on after the Last-Event-ID, whatever the operation says', async () => {
    gateway.module.append(1, 2, 3)
    const events = readEvents(await open({ query }, { 'last-event-id': '2' }))
    expect(await next(events)).toMatchObject({ id: '3' })
    const other = readEvents(await open({ query, variables: { after: '0' } }, { 'last-event-id': '1' }))
    expect(await next(other)).toMatchObject({ id: '2' })
  })

  test('an id that is no good is answered as the cursor it is', async () => {
    gateway.module.append(1, 2)
    gateway.module.forgetTo(2)
    const events = readEvents(await open({ query }, { 'last-event-id': '1' }))
    expect(JSON.parse((await next(events))?.data ?? '')).toMatchObject({
      errors: [{ extensions: { code: 'CURSOR_EXPIRED' } }],
    })
    expect(await next(events)).toEqual({ event: 'complete', data: '' })
    expect((await events.next()).done).toBe(true)
  })

  test('outlives its module', async () => {
    const events = readEvents(await open({ query, variables: { after: '0' } }))
    gateway.module.append(1)
    await next(events)
    await gateway.module.instances[0]?.kill()
    gateway.module.append(2)
    await gateway.module.startInstance()
    expect(await next(events)).toMatchObject({ id: '2' })
  })

  test('one that is not read waits at the module, and misses nothing', async () => {
    // Each with a text of 4,000 characters: far more than there is room for between the module and the reader.
    const large = 'subscription ($after: String) { changed(after: $after) { text } }'
    const events = readEvents(await open({ query: large, variables: { after: '0' } }))
    const numbers = Array.from({ length: 4_000 }, (_, index) => index + 1)
    await eventually('the module is asked', () => gateway.module.open() === 1)
    gateway.module.append(...numbers)
    await eventually('the module is left', () => gateway.module.open() === 0)
    const ids: number[] = []
    while (ids.length < numbers.length) ids.push(Number((await next(events))?.id))
    expect(ids).toEqual(numbers)
    expect(gateway.module.asked.length).toBeGreaterThan(1)
  })

  test('a reader that leaves is left', async () => {
    const { module } = gateway
    await open({ query, variables: { after: '0' } })
    await eventually('it is there', () => module.open() === 1)
    leaving[0]?.abort()
    await eventually('it is gone', () => module.open() === 0)
  })

  test('queries too; what is not valid is said in the stream', async () => {
    const answered = await Array.fromAsync(readEvents(await open({ query: '{ __typename }' })))
    expect(answered).toEqual([
      { event: 'next', data: '{"data":{"__typename":"Query"}}' },
      { event: 'complete', data: '' },
    ])
    const refused = await open({ query: '{ nope }' })
    expect(refused.status).toBe(200)
    const [first] = await Array.fromAsync(readEvents(refused))
    expect(JSON.parse(first?.data ?? '')).toMatchObject({
      errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }],
    })
  })

  test('what is no request is refused before there is a stream', async () => {
    expect((await open({})).status).toBe(400)
    expect((await open({ query: 1 })).status).toBe(400)
    const form = { 'content-type': 'text/plain' }
    expect((await open({ query }, form)).status).toBeGreaterThanOrEqual(400)
    const browser = { accept: 'text/event-stream', 'sec-fetch-site': 'cross-site' }
    expect((await fetch(`${gateway.url}?query={__typename}`, { headers: browser })).status).toBe(400)
  })

  test('who accepts JSON as well gets events for subscriptions alone', async () => {
    const accept = 'application/graphql-response+json, application/json, text/event-stream'
    const answer = await open({ query: '{ __typename }' }, { accept })
    expect(answer.headers.get('content-type')).toContain('json')
    const stream = await open({ query }, { accept })
    expect(stream.headers.get('content-type')).toContain('text/event-stream')
  })

  test('closing the gateway ends it without complete, so that its reader comes again', async () => {
    const events = readEvents(await open({ query, variables: { after: '0' } }))
    gateway.module.append(1)
    await next(events)
    const closing = gateway.close()
    expect((await events.next()).done).toBe(true)
    await closing
    gateway = await startLogGateway()
  })

  test('a stock graphql-sse client', async () => {
    const client = createClient({ url: gateway.url, retryAttempts: 0 })
    const events = client.iterate({ query, variables: { after: '0' } })
    gateway.module.append(7)
    expect((await events.next()).value).toEqual({ data: { changed: { n: 7 } } })
    await events.return?.()
    for await (const answer of client.iterate({ query: '{ __typename }' })) {
      expect(answer).toEqual({ data: { __typename: 'Query' } })
    }
    client.dispose()
  })
})

describe('an event stream and its caller', () => {
  let platform: Platform
  beforeAll(async () => {
    platform = await startPlatform()
  })
  afterAll(() => platform.close())
  const query = 'subscription { recordChanged { id createdBy { name } } }'
  const open = (headers: Record<string, string>, body: object = { query }) =>
    fetch(`${platform.gateway.url}/graphql`, {
      method: 'POST',
      headers: { ...json, ...headers },
      body: JSON.stringify(body),
    })

  test('without credentials there is none', async () => {
    const response = await open({})
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] })
  })

  test('a mutation by GET is 405, by POST it is done', async () => {
    const headers = { accept: 'text/event-stream', 'x-api-key': platform.keys.sk }
    const mutation = 'mutation { touch { id } }'
    const url = `${platform.gateway.url}/graphql?query=${encodeURIComponent(mutation)}`
    expect((await fetch(url, { headers })).status).toBe(405)
    const [done] = await Array.fromAsync(readEvents(await open(headers, { query: mutation })))
    expect(done).toMatchObject({ data: '{"data":{"touch":{"id":"r1"}}}' })
  })

  test('ends with its token, by name', async () => {
    const token = await platform.issuer.sign({ exp: Math.floor(Date.now() / 1000) + 2 })
    const events = readEvents(await open({ authorization: `Bearer ${token}` }))
    const { value } = await events.next()
    expect(JSON.parse(value?.data ?? '')).toMatchObject({
      errors: [{ extensions: { code: 'TOKEN_EXPIRED' } }],
    })
    expect((await events.next()).value).toMatchObject({ event: 'complete' })
  })

  test('ends with its key, within a second', async () => {
    const { db } = platform.gateway
    const { id, secret } = await createApiKey(db, { kind: 'SECRET', client: 'acme', name: 'Short' })
    await eventually('the key holds', async () => {
      return (await platform.gateway.query('{ caller }', { 'x-api-key': secret })).status === 200
    })
    const events = readEvents(await open({ 'x-api-key': secret }))
    const first = events.next()
    await revokeApiKey(db, id)
    expect(JSON.parse((await first).value?.data ?? '')).toMatchObject({
      errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
    })
  })
})
