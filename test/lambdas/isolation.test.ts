import { eventually } from '../support/eventually.ts'
import { commandOf, processTree } from '../support/processes.ts'
import { answering, type LambdaHostUnderTest, pluginWith, startLambdaHost } from './lambda-host-under-test.ts'

let host: LambdaHostUnderTest
let asked = Promise.withResolvers<void>()
let released = Promise.withResolvers<void>()
beforeAll(async () => {
  host = await startLambdaHost(async () => {
    asked.resolve()
    await released.promise
    return { data: {} }
  })
})
afterAll(() => host?.close())

const isolateProcesses = () =>
  processTree(process.pid).filter((pid) => commandOf(pid).includes('lambdas/isolates/main.ts'))
const signal = (name: NodeJS.Signals) => {
  for (const pid of isolateProcesses()) process.kill(pid, name)
}

test('a process that dies costs a read nothing and a write a clear error; the next one is there at once', async () => {
  const plugin = pluginWith({
    typeDefs: 'type Query { read: String } type Mutation { write: String }',
    resolvers: 'Query: { read: waits }, Mutation: { write: waits }',
  })
  const ask = await host.deploy(
    'acme',
    `${plugin}\nasync function waits(_root, _args, ctx) { await ctx.graphql("{ me }"); return "done" }`,
  )
  const killedUnder = async (operation: string) => {
    asked = Promise.withResolvers()
    released = Promise.withResolvers()
    const answer = ask(operation)
    await asked.promise
    signal('SIGKILL')
    released.resolve()
    return answer
  }
  expect(await killedUnder('{ read }')).toEqual({ data: { read: 'done' } })
  const lost = await killedUnder('mutation { write }')
  expect(lost.data).toEqual({ write: null })
  expect(lost.errors?.map((error) => error.extensions?.code)).toEqual(['LAMBDA_UNAVAILABLE'])
  expect(await ask('mutation { write }')).toEqual({ data: { write: 'done' } })
})

test('a process that hangs is replaced', async () => {
  const ask = await host.deploy('acme', answering('return "well"'))
  signal('SIGSTOP')
  expect(await ask('{ answer }')).toEqual({ data: { answer: 'well' } })
})

test('a call whose isolate is ended by another is repeated when it reads, and says so when it writes', async () => {
  const ask = await host.deploy(
    'acme',
    pluginWith({
      typeDefs: 'type Query { bomb: String read: String } type Mutation { write: String }',
      resolvers:
        'Query: { bomb: () => { for (;;); }, read: (_root, _args, ctx) => waits(ctx) }, Mutation: { write: (_root, _args, ctx) => waits(ctx) }',
    }).concat('\nasync function waits(ctx) { await ctx.graphql("{ me }"); return "done" }'),
  )
  const besideBomb = async (operation: string) => {
    asked = Promise.withResolvers()
    released = Promise.withResolvers()
    const answer = ask(operation)
    await asked.promise
    expect((await ask('{ bomb }')).errors?.[0]?.extensions?.code).toBe('LAMBDA_CPU_EXCEEDED')
    released.resolve()
    return answer
  }
  expect(await besideBomb('{ read }')).toEqual({ data: { read: 'done' } })
  const write = await besideBomb('mutation { write }')
  expect(write.errors?.map((error) => error.extensions?.code)).toEqual(['LAMBDA_UNAVAILABLE'])
})

test('the process has an empty environment', async () => {
  const pid = await eventually('the process', () => isolateProcesses()[0])
  const { readFile } = await import('node:fs/promises')
  const names = (await readFile(`/proc/${pid}/environ`, 'utf8'))
    .split('\0')
    .map((entry) => entry.split('=')[0])
  expect(names.filter((name) => name && !name.startsWith('NODE_CHANNEL'))).toEqual([])
})
