import type { ClientViewer } from '../../../foundation/viewer.ts'
import { eventually } from '../../support/eventually.ts'
import { codesOf, viewersOf } from '../../support/module-under-test.ts'
import { type NotificationsUnderTest, startNotifications } from './notifications-under-test.ts'

const acme = viewersOf('acme')
const globex = viewersOf('globex')
const ada = acme.user('ada', 'MEMBER')
const document =
  'subscription ($after: String) { notificationAdded(after: $after) { cursor lagged notification { title recipient { id } } } }'

let module: NotificationsUnderTest
beforeAll(async () => {
  module = await startNotifications()
})
afterAll(() => module.close())

type Added = { cursor: string; lagged: number; notification: { title: string; recipient: { id: string } } }

async function subscribe(viewer: ClientViewer, after: string | null) {
  const token = await module.gateway.token(viewer, 'notifications')
  const events = module.subscribe(token, document, { after })
  return {
    answer: async () => (await events.next()).value,
    async next(): Promise<Added> {
      const { value } = await events.next()
      if (!value?.data) throw new Error(JSON.stringify(value))
      return value.data.notificationAdded
    },
    [Symbol.asyncDispose]: async () => {
      await events.return(undefined)
    },
  }
}

/** The cursor of a first event: one is sent again and again until the subscription, which cannot say since when it listens, has it. */
async function begin(): Promise<string> {
  await using live = await subscribe(ada, null)
  let arrived: Added | undefined
  const first = live.next().then((added) => {
    arrived = added
  })
  await eventually('the subscription is live', async () => {
    await module.send(acme.server, 'ada', 'begin')
    return arrived
  })
  await first
  return arrived?.cursor ?? ''
}

test('live, then again from a cursor: one’s own only, each once, in order', async () => {
  const start = await begin()
  await module.send(acme.server, 'ada', 'one')
  await module.send(acme.server, 'somebody else', 'not hers')
  await module.send(globex.server, 'ada', 'not her client')
  await module.send(acme.server, 'ada', 'two')

  const seen: Added[] = []
  {
    await using events = await subscribe(ada, start)
    while (seen.at(-1)?.notification.title !== 'two') seen.push(await events.next())
    await module.send(acme.server, 'ada', 'three')
    seen.push(await events.next())
  }
  const titles = seen.map(({ notification }) => notification.title).filter((title) => title !== 'begin')
  expect(titles).toEqual(['one', 'two', 'three'])
  expect(new Set(seen.map(({ cursor }) => cursor)).size).toBe(seen.length)
  expect(seen.every(({ lagged }) => lagged === 0)).toBe(true)

  await using again = await subscribe(ada, seen.at(-2)?.cursor ?? '')
  expect(await again.next()).toEqual(seen.at(-1))
})

test('a cursor that is made up, somebody else’s, or another client’s is refused', async () => {
  const cursor = await begin()
  const attempts: [ClientViewer, string, string?][] = [
    [ada, 'made up'],
    [ada, `${cursor}A`],
    [acme.user('bob', 'MEMBER'), cursor, 'CURSOR_OF_ANOTHER_STREAM'],
    [globex.user('ada', 'MEMBER'), cursor],
  ]
  for (const [viewer, after, code = 'CURSOR_INVALID'] of attempts) {
    const events = await subscribe(viewer, after)
    const refused = await events.answer().catch((errors) => ({ errors }))
    expect(codesOf(refused)).toEqual([code])
  }
})
