import { eventually } from '../support/eventually.ts'
import { commandOf, processTree } from '../support/processes.ts'
import { answering, type LambdaHostUnderTest, pluginWith, startLambdaHost } from './lambda-host-under-test.ts'

let host: LambdaHostUnderTest
beforeAll(async () => {
  host = await startLambdaHost()
})
afterAll(() => host?.close())

const isolateProcess = () =>
  processTree(process.pid).find((pid) => commandOf(pid).includes('lambdas/isolates/main.ts'))

test('what acme does to itself, globex does not notice', async () => {
  const bombs = [
    'for (;;);',
    'const kept = []; for (;;) kept.push(new Array(3_000_000))',
    'await (async () => { for (;;) await null })()',
  ]
  const acme = await Promise.all(bombs.map((bomb) => host.deploy('acme', answering(bomb))))
  const globex = await host.deploy('globex', answering('return String(args.n)'))

  const bombing = Promise.all(
    acme.map(async (ask) => {
      for (let round = 0; round < 8; round++) expect((await ask('{ answer }')).errors).toHaveLength(1)
    }),
  )
  const answers: unknown[] = []
  let over = false
  void bombing.finally(() => {
    over = true
  })
  while (!over) answers.push((await globex(`{ answer(n: ${answers.length}) }`)).data?.answer)
  await bombing
  expect(answers).toEqual(answers.map((_, n) => String(n)))
  expect(answers.length).toBeGreaterThan(20)
})

test('a process that dies costs a read nothing and a write a clear error; the next one is there at once', async () => {
  const ask = await host.deploy(
    'acme',
    pluginWith({
      typeDefs: 'type Query { slow: String } type Mutation { slowly: String }',
      resolvers: `Query: { slow: () => spin() }, Mutation: { slowly: () => spin() }`,
      rest: '',
    }).concat('\nfunction spin() { const end = Date.now() + 10; while (Date.now() < end); return "done" }'),
  )
  expect(await ask('{ slow }')).toEqual({ data: { slow: 'done' } })
  const killed = async (operation: string) => {
    const before = isolateProcess()
    const answers = Array.from({ length: 10 }, () => ask(operation))
    if (before) process.kill(before, 'SIGKILL')
    const settled = await Promise.all(answers)
    await eventually('another process', () => isolateProcess() !== before)
    return settled
  }
  const reads = await killed('{ slow }')
  expect(reads.map((answer) => answer.data)).toEqual(reads.map(() => ({ slow: 'done' })))
  const writes = await killed('mutation { slowly }')
  expect(writes.some((answer) => answer.errors?.[0]?.extensions?.code === 'LAMBDA_UNAVAILABLE')).toBe(true)
  expect(await ask('mutation { slowly }')).toEqual({ data: { slowly: 'done' } })
})

test('the process has an empty environment', async () => {
  const pid = await eventually('the process', isolateProcess)
  const { readFile } = await import('node:fs/promises')
  const names = (await readFile(`/proc/${pid}/environ`, 'utf8'))
    .split('\0')
    .map((entry) => entry.split('=')[0])
  expect(names.filter((name) => name && !name.startsWith('NODE_CHANNEL'))).toEqual([])
})
