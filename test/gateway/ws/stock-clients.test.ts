import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { eventually } from '../../support/eventually.ts'
import { type LogGateway, startLogGateway } from '../subscriptions/log-gateway.ts'

type Changed = { changed: { n: number } }

/** Clients as they come out of their packages, which know nothing of this gateway. */
describe('stock clients', () => {
  let gateway: LogGateway
  beforeEach(async () => {
    gateway = await startLogGateway()
  })
  afterEach(() => gateway.close())

  const open = () => createClient({ url: gateway.url.replace('http', 'ws'), webSocketImpl: WebSocket })
  const query = 'subscription ($after: String) { changed(after: $after) { n } }'

  test('Apollo Client over GraphQLWsLink: events, a module that dies, the end of a subscription', async () => {
    const { module } = gateway
    const socket = open()
    const apollo = new ApolloClient({ link: new GraphQLWsLink(socket), cache: new InMemoryCache() })
    const seen: (number | undefined)[] = []
    const failures: unknown[] = []
    const subscription = apollo
      .subscribe<Changed>({ query: gql(query), variables: { after: '0' } })
      .subscribe({
        next: ({ data }) => seen.push(data?.changed.n),
        error: (error) => failures.push(error),
      })
    module.append(1)
    await eventually('the first event', () => seen.length === 1)
    await module.startInstance()
    await module.instances[0]?.kill()
    module.append(2)
    await eventually('the second, of another instance', () => seen.length === 2)
    expect(seen).toEqual([1, 2])
    subscription.unsubscribe()
    await eventually('the module is left', () => module.open() === 0)
    expect(failures).toEqual([])
    apollo.stop()
    await socket.dispose()
  })

  test('Apollo Client hears why a subscription ends', async () => {
    const socket = open()
    const apollo = new ApolloClient({ link: new GraphQLWsLink(socket), cache: new InMemoryCache() })
    const { module } = gateway
    const ended = new Promise<unknown>((resolve) => {
      apollo.subscribe<Changed>({ query: gql(query), variables: { after: '0' } }).subscribe({
        async next({ error }) {
          if (error) return resolve(error)
          await module.instances[0]?.kill()
          module.append(2, 3)
          module.forgetTo(2)
          await module.startInstance()
        },
        error: resolve,
      })
    })
    module.append(1)
    expect(await ended).toMatchObject({ errors: [{ extensions: { code: 'CURSOR_EXPIRED' } }] })
    apollo.stop()
    await socket.dispose()
  })

  test('Apollo Client: queries over the same socket, and over HTTP', async () => {
    const socket = open()
    for (const link of [new GraphQLWsLink(socket), new HttpLink({ uri: gateway.url })]) {
      const apollo = new ApolloClient({ link, cache: new InMemoryCache() })
      const { data } = await apollo.query({ query: gql('{ __typename }') })
      expect(data).toEqual({ __typename: 'Query' })
      apollo.stop()
    }
    await socket.dispose()
  })

  test('graphql-ws: many subscriptions on one socket, iterated, left one by one', async () => {
    const { module } = gateway
    const client = open()
    const all = Array.from({ length: 10 }, () =>
      client.iterate<Changed>({ query, variables: { after: '0' } }),
    )
    const firsts = all.map((events) => events.next())
    module.append(1)
    for (const first of firsts) expect((await first).value).toEqual({ data: { changed: { n: 1 } } })
    expect(module.asked).toEqual(['0'])
    for (const events of all) await events.return?.()
    await eventually('the module is left', () => module.open() === 0)
    await client.dispose()
  })

  test('graphql-ws: keep-alive pings of the client are answered', async () => {
    const pongs: unknown[] = []
    const client = createClient({
      url: gateway.url.replace('http', 'ws'),
      webSocketImpl: WebSocket,
      lazy: false,
      keepAlive: 20,
      on: { pong: (received) => void (received && pongs.push(received)) },
    })
    await eventually('three pongs', () => pongs.length >= 3)
    await client.dispose()
  })
})
