import type { ClientViewer } from '../../../foundation/viewer.ts'
import { readEventLog } from '../../support/inspect-database.ts'
import { type Answer, codesOf, viewersOf } from '../../support/module-under-test.ts'
import { type NotificationsUnderTest, startNotifications } from './notifications-under-test.ts'

const acme = viewersOf('acme')
const globex = viewersOf('globex')

let module: NotificationsUnderTest
let serial = 0
let ada: ReturnType<typeof acme.user>

beforeAll(async () => {
  module = await startNotifications()
})
afterAll(() => module.close())
beforeEach(() => {
  serial += 1
  ada = acme.user(`ada-${serial}`, 'MEMBER')
})

type Page = {
  edges: { node: { id: string; readAt: string | null } }[]
  pageInfo: { endCursor: string | null; hasNextPage: boolean }
  totalCount: number
}

const list = (viewer: ClientViewer, variables: object = {}) =>
  module.ask(
    viewer,
    `query ($first: Int, $after: String, $unreadOnly: Boolean) {
       notifications(first: $first, after: $after, unreadOnly: $unreadOnly) {
         edges { node { id readAt } } pageInfo { endCursor hasNextPage } totalCount } }`,
    { ...variables },
  )

async function pageOf(viewer: ClientViewer, variables: object = {}): Promise<Page> {
  const { data, errors } = await list(viewer, variables)
  if (!data?.notifications) throw new Error(JSON.stringify(errors))
  return data.notifications as Page
}

const idsOf = ({ edges }: Page) => edges.map(({ node }) => node.id)
const idOf = ({ data }: Answer) => (data?.notify as { id: string } | undefined)?.id
const markRead = (viewer: ClientViewer, ids: string[]) =>
  module.ask(viewer, 'mutation ($ids: [ID!]!) { markRead(ids: $ids) }', { ids })

describe('who may what', () => {
  const kinds = ['frontend', 'member', 'editor', 'admin', 'server', 'partner', 'deployer'] as const
  const reference = (field: string) =>
    `query { _entities(representations: [{ __typename: "User", id: "an-editor" }]) { ... on User { ${field} } } }`
  const operations = {
    notifications: '{ notifications { totalCount } }',
    notify: 'mutation { notify(input: { userId: "u", topic: "t", title: "T", body: "B" }) { id } }',
    markRead: 'mutation { markRead(ids: []) }',
    'User.notifications': reference('notifications { totalCount }'),
    'User.unreadCount': reference('unreadCount'),
  }
  const may: Record<keyof typeof operations, readonly (typeof kinds)[number][]> = {
    notifications: ['member', 'editor', 'admin'],
    notify: ['admin', 'server'],
    markRead: ['member', 'editor', 'admin'],
    // Of the editor: the editor in person, and administrators.
    'User.notifications': ['editor', 'admin', 'server'],
    'User.unreadCount': ['editor', 'admin', 'server'],
  }
  const cells = Object.keys(operations).flatMap((name) =>
    kinds.map((kind) => [kind, name as keyof typeof operations] as const),
  )

  test.each(cells)('%s: %s', async (kind, name) => {
    const codes = codesOf(await module.ask(acme[kind], operations[name]))
    expect(codes).toEqual(may[name].includes(kind) ? [] : ['FORBIDDEN'])
  })

  test.each(kinds.filter((kind) => !may.notifications.includes(kind)))(
    '%s: notificationAdded',
    async (kind) => {
      const token = await module.gateway.token(acme[kind], 'notifications')
      const { value } = await module.subscribe(token, 'subscription { notificationAdded { cursor } }').next()
      expect(codesOf(value)).toEqual(['FORBIDDEN'])
    },
  )
})

describe('notify', () => {
  test('stores and answers what was sent, and says in an event that it happened', async () => {
    const input = {
      userId: ada.userId,
      topic: 'orders',
      title: 'Shipped',
      body: 'Today.',
      data: { order: [1, null] },
    }
    const { data } = await module.notify(acme.server, input)
    const { userId, ...shown } = input
    expect(data?.notify).toEqual({
      id: expect.any(String),
      ...shown,
      recipient: { id: userId },
      readAt: null,
    })
    const id = idOf({ data })
    expect((await readEventLog(module.databaseUrl)).at(-1)).toEqual({
      type: 'notifications.notification.created',
      subject: id,
      client: 'acme',
      actor: 'key:secret',
      data: { notificationId: id, userId },
    })
  })

  test('once for a key of a caller; another input with it is a conflict, of another caller it is another key', async () => {
    const input = {
      userId: ada.userId,
      topic: 't',
      title: 'Once',
      body: 'A body',
      data: { a: 1, b: 2 },
      idempotencyKey: `key ${serial}`,
    }
    const reordered = { ...input, data: { b: 2, a: 1 } }
    const answers = await Promise.all(
      [input, reordered, input].map((again) => module.notify(acme.server, again)),
    )
    expect(new Set(answers.map(idOf)).size).toBe(1)
    const conflict = await module.notify(acme.server, { ...input, title: 'Twice' })
    expect(codesOf(conflict)).toEqual(['IDEMPOTENCY_CONFLICT'])
    await module.notify(acme.admin, input)
    await module.notify(globex.server, input)
    expect((await pageOf(ada)).totalCount).toBe(2)
  })

  test.each<[string, object]>([
    ['an empty topic', { topic: '' }],
    ['a title with a NUL', { title: 'a\0b' }],
    ['an endless body', { body: 'x'.repeat(10_001) }],
    ['data with a NUL', { data: { deep: ['\0'] } }],
    ['data that is too large', { data: 'x'.repeat(65 * 1024) }],
    ['data that is too deep', { data: JSON.parse('['.repeat(100) + ']'.repeat(100)) }],
  ])('%s is BAD_USER_INPUT', async (_what, fault) => {
    const input = { userId: ada.userId, topic: 't', title: 'T', body: 'B', ...fault }
    expect(codesOf(await module.notify(acme.server, input))).toEqual(['BAD_USER_INPUT'])
    expect((await pageOf(ada)).totalCount).toBe(0)
  })
})

test('the list is newest first, page by page, and one’s own', async () => {
  const sent: string[] = []
  for (const title of ['1', '2', '3']) sent.unshift(await module.send(acme.server, ada.userId, title))
  await module.send(acme.server, 'somebody else')
  await module.send(globex.server, ada.userId)

  const first = await pageOf(ada, { first: 2 })
  const second = await pageOf(ada, { first: 2, after: first.pageInfo.endCursor })
  expect([...idsOf(first), ...idsOf(second)]).toEqual(sent)
  expect(first).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: true } })
  expect(second.pageInfo.hasNextPage).toBe(false)

  const after = first.pageInfo.endCursor
  for (const answer of [
    await list(acme.user('somebody else', 'MEMBER'), { after }),
    await list(globex.user(ada.userId, 'MEMBER'), { after }),
    await list(ada, { after, unreadOnly: true }),
  ]) {
    expect(codesOf(answer)).toEqual(['CURSOR_INVALID'])
  }
})

describe('markRead', () => {
  test('marks one’s own, once', async () => {
    const [one, two] = [
      await module.send(acme.server, ada.userId),
      await module.send(acme.server, ada.userId),
    ]
    expect((await markRead(ada, [one, one])).data).toEqual({ markRead: 1 })
    expect((await markRead(ada, [one])).data).toEqual({ markRead: 0 })
    expect(idsOf(await pageOf(ada, { unreadOnly: true }))).toEqual([two])
    expect((await pageOf(ada)).edges.map(({ node }) => node.readAt)).toEqual([
      null,
      expect.stringMatching(/Z$/),
    ])
  })

  test('somebody else’s, another client’s, and none at all count as none', async () => {
    const theirs = await module.send(acme.server, ada.userId)
    for (const viewer of [acme.admin, globex.user(ada.userId, 'ADMIN')]) {
      expect((await markRead(viewer, [theirs, 'none', 'NUL \0'])).data).toEqual({ markRead: 0 })
    }
    expect((await pageOf(ada, { unreadOnly: true })).totalCount).toBe(1)
  })

  test('takes a hundred at most', async () => {
    expect(codesOf(await markRead(ada, Array.from({ length: 101 }, String)))).toEqual(['BAD_USER_INPUT'])
  })
})

describe('references', () => {
  const entities = (viewer: ClientViewer, representations: object[]) =>
    module.ask(
      viewer,
      `query ($r: [_Any!]!) { _entities(representations: $r) {
         ... on User { id unreadCount notifications(first: 1) { totalCount } } ... on Notification { id title } } }`,
      { r: representations },
    )

  test('of users: counted for each, within the client', async () => {
    await module.send(acme.server, ada.userId)
    const read = await module.send(acme.server, ada.userId)
    await module.send(globex.server, ada.userId)
    await markRead(ada, [read])
    const references = [ada.userId, 'never told anything', 'NUL \0'].map((id) => ({ __typename: 'User', id }))
    const { data, errors } = await entities(acme.server, references)
    expect(errors).toBeUndefined()
    expect(data?._entities).toEqual([
      { id: ada.userId, unreadCount: 1, notifications: { totalCount: 2 } },
      { id: 'never told anything', unreadCount: 0, notifications: { totalCount: 0 } },
      { id: 'NUL \0', unreadCount: 0, notifications: { totalCount: 0 } },
    ])
  })

  test('what is not yours is null with FORBIDDEN at its path, beside what is', async () => {
    const references = [ada.userId, 'somebody else'].map((id) => ({ __typename: 'User', id }))
    const { data, errors } = await entities(ada, references)
    expect(data?._entities).toEqual([
      { id: ada.userId, unreadCount: 0, notifications: { totalCount: 0 } },
      { id: 'somebody else', unreadCount: null, notifications: null },
    ])
    expect(errors).toMatchObject([
      { path: ['_entities', 1, 'unreadCount'], extensions: { code: 'FORBIDDEN' } },
      { path: ['_entities', 1, 'notifications'], extensions: { code: 'FORBIDDEN' } },
    ])
  })

  test('of notifications: for the recipient and administrators; for all others there are none', async () => {
    const id = await module.send(acme.server, ada.userId, 'Mine')
    const references = [{ __typename: 'Notification', id }]
    for (const viewer of [ada, acme.admin, acme.server]) {
      expect((await entities(viewer, references)).data).toEqual({ _entities: [{ id, title: 'Mine' }] })
    }
    for (const viewer of [acme.editor, globex.admin, globex.user(ada.userId, 'MEMBER')]) {
      expect(await entities(viewer, references)).toEqual({ data: { _entities: [null] } })
    }
  })
})
