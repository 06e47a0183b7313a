import { PrismaPg } from '@prisma/adapter-pg'
import { PrismaClient } from '../../../prisma/generated/notifications/client.ts'
import { createNotificationLoaders } from '../../../subgraphs/notifications/loaders.ts'
import { createTestDatabase } from '../../support/database.ts'

test('the unread counts and the notifications of any number of references are one query each', async () => {
  await using opened = new AsyncDisposableStack()
  const database = await createTestDatabase('notifications')
  opened.defer(database.drop)
  const adapter = new PrismaPg({ connectionString: database.url })
  const db = new PrismaClient({ adapter, log: [{ emit: 'event', level: 'query' }] })
  opened.defer(() => db.$disconnect())
  const ids = Array.from({ length: 20 }, (_, index) => `n${index}`)
  const createdAt = new Date()
  await db.notification.createMany({
    data: ids.flatMap((id, index) => [
      { id, client: 'acme', userId: `u${index % 4}`, topic: 't', title: id, body: 'B', createdAt },
      {
        id: `globex-${id}`,
        client: 'globex',
        userId: `u${index % 4}`,
        topic: 't',
        title: id,
        body: 'B',
        createdAt,
      },
    ]),
  })
  const queries: string[] = []
  db.$on('query', ({ query }) => {
    queries.push(query)
  })

  const { notification, unreadCount } = createNotificationLoaders(db, 'acme')
  const counts = await Promise.all(['u3', 'u0', 'nobody', 'u3'].map((id) => unreadCount.load(id)))
  expect(counts).toEqual([5, 5, 0, 5])
  expect(queries).toHaveLength(1)
  const found = await Promise.all(['n7', 'globex-n7', 'n3', 'none'].map((id) => notification.load(id)))
  expect(found.map((row) => row?.id ?? null)).toEqual(['n7', null, 'n3', null])
  expect(queries).toHaveLength(2)
})
