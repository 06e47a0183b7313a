import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createProgram } from '../../cli/program.ts'
import { cliSettings } from '../../cli/settings.ts'
import { parseConfig } from '../../foundation/config.ts'
import { eventually } from '../support/eventually.ts'
import { post } from '../support/graphql.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'

const program = join(import.meta.dirname, '../../cli/trellis.js')

type Ran = { status: number | undefined; output: string; errors: string }

/** A plugin of one root field, `Query.greeting`. */
const greeting = (text: string) => `import { definePlugin, gql } from '@trellis/sdk/plugin'
export default definePlugin({
  typeDefs: gql\`type Query { greeting(name: String = "you"): String }\`,
  resolvers: {
    Query: {
      greeting: async (_root, { name }: { name: string }, ctx) => {
        ctx.log('greeting', name, await ctx.secrets.get('TOKEN'))
        return '${text} ' + name
      },
    },
  },
})
`

describe('npx trellis', () => {
  let folder: TemporaryFolder
  let platform: TestPlatform
  let plugins: string
  beforeAll(async () => {
    folder = await makeTemporaryFolder()
    plugins = join(folder.path, 'clients')
    await mkdir(join(plugins, 'acme'), { recursive: true })
    await mkdir(join(plugins, 'globex'))
    await writeFile(join(plugins, 'acme', 'plugin.ts'), greeting('Hello'))
    await writeFile(join(plugins, 'globex', 'plugin.ts'), greeting('Hello'))
    platform = await startPlatform({
      dataDirectory: join(folder.path, 'data'),
      env: { TRELLIS_PLUGINS: plugins },
    })
  }, 90_000)
  afterAll(async () => {
    await platform?.stop()
    await folder?.[Symbol.asyncDispose]()
  }, 30_000)

  /** As main.ts runs it, without the time that a process takes to start. */
  const trellis = async (args: string[], env: Record<string, string> = {}): Promise<Ran> => {
    const said: string[] = []
    const complaints: string[] = []
    const output = {
      say: (line: string) => said.push(line),
      complain: (line: string) => complaints.push(line),
    }
    const settings = parseConfig(cliSettings, { TRELLIS_DATA: join(folder.path, 'data'), ...env })
    const status = await createProgram(settings, output)
      .run(args)
      .catch((error) => error.exitCode)
    return { status, output: said.join('\n'), errors: complaints.join('\n') }
  }
  /** A process of its own, with something on its standard input. */
  const trellisReading = async (input: string, args: string[]): Promise<string> => {
    const { PATH, HOME } = process.env
    const running = promisify(execFile)(process.execPath, [program, ...args], {
      env: { PATH, HOME, TRELLIS_DATA: join(folder.path, 'data') },
    })
    running.child.stdin?.end(input)
    const { stdout, stderr } = await running
    return stdout + stderr
  }
  const greet = async (client = 'acme') => {
    const headers = { 'x-api-key': platform.demo.clients[client]?.secretKey ?? '' }
    const { data } = await post(platform.endpoint, headers, { query: '{ greeting }' })
    return data?.greeting
  }
  const save = (client: string, text: string) => writeFile(join(plugins, client, 'plugin.ts'), text)

  test('saving a file is a release; a fault is told with its place, and what ran goes on running', async () => {
    expect(await greet()).toBe('Hello you')
    await save('acme', greeting('Good morning'))
    await eventually('it is served', () => platform.output().includes('acme: release 2 served in'))
    expect(await greet()).toBe('Good morning you')
    await save('acme', greeting('Good evening').replace('greeting: async', 'greetings: async'))
    await eventually('it is refused', () => platform.output().includes('acme: refused'))
    expect(platform.output()).toMatch(/clients\/acme\/plugin\.ts(:\d+)? {2}RESOLVER_WITHOUT_FIELD {2}/)
    expect(await greet()).toBe('Good morning you')
    await save('acme', greeting('Good evening'))
    await eventually('it is served', () => platform.output().includes('acme: release 3 served in'))
    expect(await greet()).toBe('Good evening you')
  })

  test('a release, back, and forth again', async () => {
    const files = join(folder.path, 'elsewhere')
    await mkdir(files)
    await writeFile(join(files, 'plugin.ts'), greeting('Hi'))
    await writeFile(join(files, 'plugin.test.ts'), 'this is deployed by nobody')
    const dry = await trellis(['deploy', files, '--client', 'globex', '--dry-run'])
    expect(dry).toEqual({
      status: 0,
      output: 'globex: would be release 2, with 1 lambda; nothing was changed',
      errors: '',
    })
    const deployed = await trellis(['deploy', files, '--client', 'globex', '-m', 'shorter', '--json'])
    expect(JSON.parse(deployed.output)).toMatchObject({ ok: true, number: 2, active: true, errors: [] })
    expect(await greet('globex')).toBe('Hi you')
    expect((await trellis(['rollback', 'globex'])).output).toMatch(
      /^globex: release 1 served again, in \d+ ms$/,
    )
    expect(await greet('globex')).toBe('Hello you')
    expect((await trellis(['rollback', 'globex', '--to', '2'])).status).toBe(0)
    const { output } = await trellis(['releases', 'clients/globex'])
    expect(output).toMatch(/^\* {4}2 {2}\S+ \S+ {2}shorter\n {5}1 {2}.* npm start$/)
    const back = await trellis(['rollback', 'globex', '--to', '77'])
    expect(back).toMatchObject({ status: 1, errors: expect.stringMatching(/^NOT_FOUND {2}/) })
  })

  test('secrets go in, never come out, and are cut out of the log', async () => {
    expect((await trellis(['secrets', 'list', 'acme'])).output).toBe('acme has no secrets.')
    const value = 'a-very-secret-value'
    const set = await trellisReading(`${value}\n`, ['secrets', 'set', 'acme', 'TOKEN'])
    expect(set).toBe('acme: TOKEN is set\n')
    await greet()
    const logged = await eventually('a line of the log', async () => {
      const { output } = await trellis(['logs', 'acme', '--json'])
      return output.includes('greeting you ') ? output : undefined
    })
    expect(logged).not.toContain(value)
    expect((await trellis(['secrets', 'list', 'acme'])).output).toMatch(/ {2}TOKEN {2}/)
    expect((await trellis(['secrets', 'delete', 'acme', 'TOKEN'])).output).toBe('acme: TOKEN is deleted')
    expect((await trellis(['secrets', 'delete', 'acme', 'TOKEN'])).status).toBe(1)
  })

  test('types for the editor, from the graph of the client', async () => {
    await trellis(['types', join(plugins, 'acme')])
    const text = await readFile(join(plugins, 'acme', 'trellis.d.ts'), 'utf8')
    expect(text).toContain("'Mutation.createRecord'?: Rule<")
    expect(text).toContain('greeting: RootResolver<{ readonly name: string | null }, string | null>')
    expect((await trellis(['types', join(plugins, 'acme')])).output).toMatch(/is as it should be/)
  })

  test('what is wrong is a line, and status 1; no key is shown', async () => {
    const key = platform.demo.clients.acme?.deployKey ?? ''
    const cases: [string[], Record<string, string>, RegExp][] = [
      [['deploy', 'nowhere'], {}, /^nowhere\/plugin\.ts is not there/],
      [['releases', 'initech'], {}, /^No deploy key for the client initech .*acme, globex/],
      [['releases', 'globex'], { TRELLIS_DEPLOY_KEY: key }, /^There is no client globex/],
      [['releases', 'acme'], { TRELLIS_DEPLOY_KEY: 'wrong' }, /^UNAUTHENTICATED {2}/],
      [['releases', 'acme', '--endpoint', 'http://127.0.0.1:1/graphql'], {}, /^No deploy key/],
      [
        ['releases', 'acme', '--endpoint', 'http://127.0.0.1:1/graphql', '--key', key],
        {},
        /^http:\/\/127\.0\.0\.1:1\/graphql cannot be reached \(.*\)\. Is the platform running\?/,
      ],
      [['releases', 'acme'], { TRELLIS_DATA: '/nowhere' }, /^No platform is known: run npm start/],
      [['releases', 'acme', '--first', 'many'], {}, /It is not a whole number/],
      [['unknown'], {}, /unknown command/],
    ]
    for (const [args, env, expected] of cases) {
      const { status, output, errors } = await trellis(args, env)
      expect({ args, status, output }).toEqual({ args, status: 1, output: '' })
      expect(errors).toMatch(expected)
      expect(errors).not.toContain(key)
      expect(errors).not.toMatch(/^\s+at /m)
    }
  })
})
