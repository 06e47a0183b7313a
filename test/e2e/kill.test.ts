import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '../support/eventually.ts'
import { type Answer, post, tryPost } from '../support/graphql.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { commandOf, isRunning, killAll, processTree } from '../support/processes.ts'
import { spawnStart } from '../support/run-start.ts'
import { keyOf, signIn } from '../support/story.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'

type Created = { createRecord: { id: string } | null }
type PageInfo = { hasNextPage: boolean; endCursor: string | null }
type Records = { records: { edges: { node: { id: string } }[]; pageInfo: PageInfo } }

const topologies = [
  ['apart', ['--apart']],
  ['all in one', []],
] as const

/** Made by the first start; every later one finds what those before have left, in either topology. A start takes seconds: each is used for all that can be seen of it. */
let folder: TemporaryFolder
let dataDirectory: string
beforeAll(async () => {
  folder = await makeTemporaryFolder()
  dataDirectory = join(folder.path, 'data')
})
afterAll(() => folder[Symbol.asyncDispose]())

describe.each(topologies)('%s', (topology, args) => {
  let platform: TestPlatform
  const start = async () => {
    platform = await startPlatform({ dataDirectory, args })
  }
  beforeAll(start, 120_000)
  afterAll(() => platform?.[Symbol.asyncDispose]())

  test.each(['tree', 'launcher'] as const)(
    'kill -9 of the %s while mutations run: it starts again, and every acknowledged one is there',
    async (what) => {
      const { demo } = platform
      const started = processTree(platform.launcher.pid ?? 0)
      const { headers } = await signIn(platform, 'acme', 'MEMBER')
      const acknowledged: string[] = []
      const writing = writeUntilItFails(platform, headers, acknowledged)
      const failed = writing.then((failure) => {
        throw new Error(`A mutation failed: ${JSON.stringify(failure)}`)
      })
      await Promise.race([eventually('some are acknowledged', () => acknowledged.length >= 20), failed])
      await platform.kill(what)
      await writing

      await start()
      // The clients and keys are the same; the tokens of before are still good for their time.
      expect(platform.demo.clients).toEqual(demo.clients)
      const kept = await readOrders(platform)
      expect(kept).toEqual(expect.arrayContaining(acknowledged))
      await eventually('nothing of before still runs', () => !started.some(isRunning), 15_000).catch(
        (error) => {
          throw new Error(`${error.message}: ${started.filter(isRunning).map(commandOf)}`)
        },
      )
    },
    120_000,
  )

  if (topology === 'apart') {
    test('a service that dies is reported, started again, and answers', async () => {
      process.kill(findService(platform, 'subgraphs/users/main.ts'), 'SIGKILL')
      await eventually('it is reported', () => platform.output().includes('users has ended (SIGKILL)'))
      const query = '{ users(first: 1) { totalCount } }'
      await eventually(
        'users answers again',
        async () => {
          const { data } = await post<{ users: object | null }>(platform.endpoint, keyOf(platform, 'acme'), {
            query,
          })
          return data?.users
        },
        30_000,
      )
    }, 60_000)

    test('SIGTERM ends every process', async () => {
      await expectToEnd(platform, 'SIGTERM', dataDirectory)
      await start()
    }, 120_000)
  }

  test('SIGINT ends every process', () => expectToEnd(platform, 'SIGINT', dataDirectory))
})

/** Each start finds what the one before has left of itself: one that could not go on would end before it is killed. */
test('a first start that is killed, again and again and ever later, is made good by the next, and ends at SIGTERM', async () => {
  await using untouched = await makeTemporaryFolder()
  const dataDirectory = join(untouched.path, 'data')
  for (const ms of [150, 500, 1_000, 1_800, 2_600]) {
    const launcher = spawnStart({ dataDirectory })
    const timer = setTimeout(() => killAll(processTree(launcher.pid ?? 0)), ms)
    const [, signal] = await once(launcher, 'exit')
    clearTimeout(timer)
    expect(signal).toBe('SIGKILL')
  }
  await using platform = await startPlatform({ dataDirectory })
  expect(await readOrders(platform)).toHaveLength(3)
  await signIn(platform, 'globex', 'ADMIN')
  await expectToEnd(platform, 'SIGTERM', dataDirectory)
}, 120_000)

/** With good grace: none of its processes stays, and the data directory is nobody's. */
async function expectToEnd(platform: TestPlatform, signal: NodeJS.Signals, dataDirectory: string) {
  expect(await platform.stop(signal)).toBe(0)
  expect(await readdir(dataDirectory)).not.toContain('running')
}

/** @returns how it failed */
async function writeUntilItFails(
  { endpoint }: TestPlatform,
  headers: Readonly<Record<string, string>>,
  acknowledged: string[],
): Promise<unknown> {
  const query = 'mutation { createRecord(collection: "orders", data: { total: 1, status: "open" }) { id } }'
  for (;;) {
    const answer = await tryPost(endpoint, headers, { query })
    const id = (answer.data as Created | null | undefined)?.createRecord?.id
    if (!id) return answer
    acknowledged.push(id)
  }
}

async function readOrders(platform: TestPlatform): Promise<string[]> {
  const query = `query ($after: String) {
    records(collection: "orders", first: 100, after: $after) { edges { node { id } } pageInfo { endCursor hasNextPage } }
  }`
  const ids: string[] = []
  let after: string | null = null
  for (;;) {
    const answer: Answer<Records> = await post(platform.endpoint, keyOf(platform, 'acme'), {
      query,
      variables: { after },
    })
    if (answer.errors || !answer.data) throw new Error(JSON.stringify(answer))
    const { edges, pageInfo } = answer.data.records
    ids.push(...edges.map(({ node }) => node.id))
    if (!pageInfo.hasNextPage) return ids
    after = pageInfo.endCursor
  }
}

function findService(platform: TestPlatform, main: string): number {
  const found = processTree(platform.launcher.pid ?? 0).find((pid) => commandOf(pid).includes(main))
  if (!found) throw new Error(`no process runs ${main}`)
  return found
}
