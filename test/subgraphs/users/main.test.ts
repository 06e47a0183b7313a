import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { start } from '../../../subgraphs/users/main.ts'
import { eventually } from '../../support/eventually.ts'
import { startUsers, type UsersUnderTest } from './users-under-test.ts'

let users: UsersUnderTest
beforeAll(async () => {
  users = await startUsers()
})
afterAll(() => users.close())

test('starts alone as a process, joins its sister’s keys, and ends with SIGTERM', async () => {
  const main = fileURLToPath(new URL('../../../subgraphs/users/main.ts', import.meta.url))
  const child = fork(main, { env: { PATH: process.env.PATH, ...users.env }, execArgv: [] })
  const [{ listening }] = await once(child, 'message')
  expect((await fetch(`${listening}/health/live`)).status).toBe(200)
  const registered = await eventually('registered', () =>
    users.gateway.registrations.find(({ body }) => body?.url === listening),
  )
  expect(registered.body?.tokenKeys).toHaveLength(2)
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})

test.each([
  ['a key that is too short', { TRELLIS_FIELD_KEY: 'c2hvcnQ=' }, /TRELLIS_FIELD_KEY.*32 bytes/],
  ['no key', { TRELLIS_FIELD_KEY: undefined }, /TRELLIS_FIELD_KEY/],
  [
    'a setting that does not exist',
    { TRELLIS_FEILD_KEY: 'x' },
    /TRELLIS_FEILD_KEY: there is no such setting/,
  ],
])('%s is one clear line', async (_what, change, message) => {
  await expect(start({ ...users.env, ...change })).rejects.toThrow(message)
})
