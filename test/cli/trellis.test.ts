import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
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
import { startOutside } from './outside.ts'

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

/** As the client's graph has it: what is wrong with it is in its lines 10 and 13. */
const typed = `import { definePlugin, gql } from '@trellis/sdk/plugin'
import type { Graph } from './trellis.d.ts'

export default definePlugin<Graph>({
  typeDefs: gql\`
    type Query { length(text: String!): Int }
  \`,
  resolvers: {
    Query: {
      length: (_root, { text }) => text.size,
    },
  },
  rules: { 'Mutation.createRecord': ({ args }) => ({ ...args, collection: 7 }) },
})
`

/** It asks for its own field, in a document of its lines 3 to 7; the name in line 5 is given. */
const askingFor = (name: string) => `import { definePlugin, gql } from '@trellis/sdk/plugin'

const document = gql\`
  query Named {
    me { ${name} }
    shortest
  }\`
export default definePlugin({
  typeDefs: gql\`type Query { shortest: String }\`,
  resolvers: { Query: { shortest: async (_root, _args, ctx) => JSON.stringify(await ctx.graphql(document)) } },
})
`

/** Its key, in line 6, is none of the core; from which its line 13 has no type. */
const keyed = `import { definePlugin, gql } from '@trellis/sdk/plugin'
import type { Graph } from './trellis.d.ts'

export default definePlugin<Graph>({
  typeDefs: gql\`
    type User @key(fields: "uid") {
      uid: ID!
      letters: Int
    }
  \`,
  resolvers: {
    User: {
      letters: (users) => users.map(({ id }) => id.length),
    },
  },
})
`

/** It calls out: `needs` is in its line 9, and the host is named before. */
const calling = `import { definePlugin, gql } from '@trellis/sdk/plugin'
export default definePlugin({
  typeDefs: gql\`type Query { rate(host: String!): Int }\`,
  resolvers: {
    Query: {
      rate: async (_root, { host }: { host: string }, ctx) => {
        ctx.log('asking', host)
        return (await ctx.fetch('https://' + host + '/?like=api.rates.example')).status } } },
  needs: { egress: ['api.rates.example'] },
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
    // What is wrong with its types only still runs: it is served, and told.
    await save('acme', greeting('Good night').replace("'Good night ' + name", "'Good night ' + name.size"))
    await eventually('it is served', () => platform.output().includes('acme: release 4 served in'))
    await eventually('it is told', () => platform.output().includes('acme: its types are wrong'), 30_000)
    expect(platform.output()).toMatch(/clients\/acme\/plugin\.ts:8 {2}TS2339 {2}.*'size'.*'string'/)
    await save('acme', greeting('Good night'))
    await eventually('it is served', () => platform.output().includes('acme: release 5 served in'))
  }, 60_000)

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

  const folderWith = async (name: string, content: string) => {
    const path = join(folder.path, name)
    await mkdir(path, { recursive: true })
    await writeFile(join(path, 'plugin.ts'), content)
    return path
  }

  test('the types of a plugin are checked against the graph of its client before anything is changed', async () => {
    const path = await folderWith('typed', typed)
    const before = (await trellis(['releases', 'globex'])).output
    const refused = await trellis(['deploy', path, '--client', 'globex', '--dry-run'])
    expect(refused).toMatchObject({ status: 1, output: '' })
    expect(refused.errors.split('\n')).toEqual([
      expect.stringMatching(/typed\/plugin\.ts:10 {2}TS2339 {2}.*'size'/),
      expect.stringMatching(
        /typed\/plugin\.ts:13 {2}TS2322 {2}.*'number' is not assignable to type 'string'/,
      ),
      'globex: 2 faults, nothing was changed (--no-type-check leaves types to you)',
    ])
    const { output } = await trellis(['deploy', path, '--client', 'globex', '--json'])
    expect(JSON.parse(output)).toMatchObject({
      ok: false,
      active: false,
      errors: [
        { code: 'TS2339', file: 'plugin.ts', line: 10 },
        { code: 'TS2322', file: 'plugin.ts', line: 13 },
      ],
    })
    expect((await trellis(['releases', 'globex'])).output).toBe(before)
    const trusting = await trellis(['deploy', path, '--client', 'globex', '--dry-run', '--no-type-check'])
    expect(trusting.output).toMatch(/^globex: would be release \d+, with 1 lambda; nothing was changed$/)

    await folderWith('typed', typed.replace('text.size', 'text.length').replace('collection: 7', 'data: 7'))
    expect(await trellis(['deploy', path, '--client', 'globex', '--dry-run'])).toMatchObject({ status: 0 })
    await folderWith('typed', typed.replace('type Query', '\ntype Query @nowhere'))
    expect((await trellis(['deploy', path, '--client', 'globex'])).errors).toMatch(
      /^\S+typed\/plugin\.ts:7 {2}DIRECTIVE_NOT_ALLOWED {2}.*\nglobex: 1 fault, nothing was changed$/,
    )
    await folderWith('typed', typed.replace('): Int', '): Itn'))
    expect((await trellis(['deploy', path, '--client', 'globex'])).errors).toMatch(
      /^\S+typed\/plugin\.ts:6 {2}SDL_INVALID {2}.*"Itn".*\nglobex: 1 fault, nothing was changed$/,
    )
  }, 60_000)

  test('SDL that does not fit the graph of its client is told instead of the types that are wrong from it', async () => {
    const path = await folderWith('keyed', keyed)
    const { status, errors } = await trellis(['deploy', path, '--client', 'globex'])
    expect(status).toBe(1)
    expect(errors.split('\n')).toEqual([
      expect.stringMatching(
        /keyed\/plugin\.ts:6 {2}KEY_NOT_OF_CORE {2}"uid" is no key of User in the core: "id"/,
      ),
      'globex: 1 fault, nothing was changed',
    ])
    await save('acme', keyed)
    await eventually('it is told', () => /plugin\.ts:6 {2}KEY_NOT_OF_CORE {2}/.test(platform.output()))
    // It is not served, so that its types are not looked at; those of what is saved next are.
    await save('acme', greeting('Good night').replace(' + name', ' + name.weight'))
    await eventually('it is told', () => /TS2339 {2}.*'weight'/.test(platform.output()), 30_000)
    expect(platform.output()).not.toMatch(/TS2339 {2}.*'id'/)
    await save('acme', greeting('Good night'))
    await eventually('it is served', async () => (await greet()) === 'Good night you')

    const types = await folderWith('keyed', keyed.replaceAll('uid', 'id').replace('id.length', 'id.size'))
    expect((await trellis(['deploy', types, '--client', 'globex'])).errors).toMatch(
      /plugin\.ts:13 {2}TS2339 /,
    )
  }, 60_000)

  test('what its code asks is looked for in the graph that it would be served with', async () => {
    const path = await folderWith('asking', askingFor('nickname'))
    const before = (await trellis(['releases', 'globex'])).output
    for (const more of [['--dry-run'], []]) {
      const refused = await trellis(['deploy', path, '--client', 'globex', ...more])
      expect(refused).toMatchObject({ status: 1, output: '' })
      expect(refused.errors).toMatch(
        /^\S+asking\/plugin\.ts:5 {2}OPERATION_INVALID {2}Cannot query field "nickname" on type "User"\..*\nglobex: 1 fault, \D+$/,
      )
    }
    expect((await trellis(['releases', 'globex'])).output).toBe(before)
    await folderWith('asking', askingFor('name'))
    const dry = await trellis(['deploy', path, '--client', 'globex', '--dry-run'])
    expect(dry.output).toMatch(/^globex: would be release \d+, with 1 lambda; nothing was changed$/)
  }, 60_000)

  test('types that explode are a fault, of a deployment and in the watch, which goes on', async () => {
    const deep = `export type Deep = ${'['.repeat(20_000)}${']'.repeat(20_000)}\n`
    const fault = /acme {2}TYPES_NOT_CHECKED {2}Its types cannot be checked\. They are nested too deeply\./
    await save('acme', greeting('Good night') + deep)
    await eventually('it is told', () => fault.test(platform.output()), 30_000)
    expect(await greet()).toBe('Good night you')
    const { status, errors } = await trellis(['deploy', join(plugins, 'acme'), '--dry-run'])
    expect(status).toBe(1)
    expect(errors).toMatch(fault)
    expect(errors).toMatch(/\nacme: 1 fault, nothing was changed \(--no-type-check leaves types to you\)$/)
    await save('acme', greeting('Good night').replace(' + name', ' + name.length()'))
    await eventually('the next is checked', () => /plugin\.ts:8 {2}TS2349 /.test(platform.output()), 30_000)
    await save('acme', greeting('Good night'))
    await eventually('it runs again', async () => (await greet()) === 'Good night you', 30_000)
  }, 90_000)

  test('where typescript is not installed that is said, and the plugin deployed all the same', async () => {
    const path = await folderWith('typed', typed)
    const without = join(folder.path, 'without-typescript.mjs')
    await writeFile(
      without,
      `import { registerHooks } from 'node:module'
      const resolve = (name, context, next) => {
        if (name === 'typescript') throw new Error('There is no typescript.')
        return next(name, context)
      }
      registerHooks({ resolve })`,
    )
    const args = [program, 'deploy', path, '--client', 'globex', '--dry-run']
    const { PATH, HOME } = process.env
    const env = { PATH, HOME, TRELLIS_DATA: join(folder.path, 'data'), NODE_OPTIONS: `--import=${without}` }
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env })
    expect(stdout.split('\n')).toEqual([
      'globex: types are not checked, because typescript is not installed (npm install brings it)',
      expect.stringMatching(/^globex: would be release \d+, with 1 lambda; nothing was changed$/),
      '',
    ])
    expect(stderr).toBe('')
  })

  test('grants are shown, given and withdrawn; a release that needs what was withdrawn is not gone back to', async () => {
    const path = await folderWith('calling', calling)
    const deploy = () => trellis(['deploy', path, '--client', 'globex', '--json'])
    const { errors } = JSON.parse((await deploy()).output)
    expect(errors).toEqual([
      { code: 'NEEDS_NOT_GRANTED', message: expect.any(String), file: 'plugin.ts', line: 9 },
    ])
    const granted = await trellis(['grant', 'globex', '--scope', 'notify', '--egress', '*.Rates.example'])
    expect(granted.output).toMatch(
      /^globex is granted .*notify.*, calls to \*\.rates\.example, calls to hooks/,
    )
    const { number } = JSON.parse((await deploy()).output)
    const { output } = await trellis(['grants', 'clients/globex'])
    expect(output.split('\n')[1]).toBe(
      `globex: release ${number}, which is served, needs calls to api.rates.example`,
    )
    await trellis(['rollback', 'globex'])
    const withdrawn = await trellis(['withdraw', 'globex', '--egress', '*.rates.example', '--json'])
    expect(JSON.parse(withdrawn.output).grants.egress).toEqual(['hooks.newsroom.example'])
    expect(await trellis(['rollback', 'globex', '--to', `${number}`])).toEqual({
      status: 1,
      output: '',
      errors: expect.stringMatching(/^PLUGIN_INVALID {2}.*\n {2}plugin\.ts:9 {2}NEEDS_NOT_GRANTED {2}/),
    })

    const deployKey = platform.demo.clients.globex?.deployKey ?? ''
    const wrong: [string[], RegExp][] = [
      [
        ['withdraw', 'globex', '--egress', '*.rates.example'],
        /^globex was not granted \*\.rates\.example\.$/,
      ],
      [['grant', 'globex'], /^Name scopes with --scope, or hosts with --egress\.$/],
      [['grant', 'globex', '--scope', 'all'], /^BAD_USER_INPUT {2}.*"all"/],
      [['grant', 'globex', '--egress', '127.0.0.1'], /^BAD_USER_INPUT {2}/],
      [['grant', 'initech', '--scope', 'notify'], /^There is no client initech/],
      [['grant', 'globex', '--scope', 'notify', '--key', deployKey], /^FORBIDDEN {2}/],
    ]
    for (const [args, expected] of wrong)
      expect(await trellis(args)).toEqual({ status: 1, output: '', errors: expect.stringMatching(expected) })
  }, 30_000)

  test('one function is run here: its log, its answer, and what it took', async () => {
    const path = await folderWith('calling', calling)
    const ran = await trellis(['invoke', join(plugins, 'acme'), 'Query.greeting', '--args', '{"name":"Ada"}'])
    expect(ran.output.split('\n')).toEqual([
      'info: greeting Ada null',
      '"Good night Ada"',
      expect.stringMatching(
        /^Query\.greeting: [\d.]+ ms of CPU time, loading included; answered after [\d.]+ ms$/,
      ),
    ])
    const busy = greeting('x').replace(
      "return 'x '",
      "for (const end = Date.now() + 20; Date.now() < end;);\nreturn 'x '",
    )
    const slow = await trellis(['invoke', await folderWith('busy', busy), 'Query.greeting', '--json'])
    const { cpuMs, wallMs } = JSON.parse(slow.output)
    expect(cpuMs).toBeGreaterThan(2)
    expect(wallMs).toBeGreaterThan(20)

    const rate = (host: string, ...flags: string[]) =>
      trellis(['invoke', path, 'Query.rate', '--args', JSON.stringify({ host }), ...flags])
    expect((await rate('api.rates.example')).errors).toMatch(
      /^info: asking .*\n\S*plugin\.ts:\d+ {2}LAMBDA_FAILED {2}GET .* was not sent/,
    )
    // The net outside: this name is one of a private address. All else is as on the platform.
    const outside = { name: 'api.rates.example', address: '10.0.0.1', folder: folder.path }
    await using net = await startOutside(outside, {})
    const inner = await rate('api.rates.example', '--allow-fetch')
    expect(inner.errors).toMatch(
      /LAMBDA_FAILED {2}The host api\.rates\.example has an address that is not of the public/,
    )
    expect(net).toMatchObject({ asked: ['api.rates.example'], meant: [] })
    const other = await rate('other.example', '--allow-fetch')
    expect(other.errors).toMatch(/LAMBDA_FAILED {2}other\.example is not in `needs\.egress`/)
    expect(net.asked).toHaveLength(1)
  }, 30_000)

  test('--allow-fetch calls the hosts that the plugin needs, at the public address of their name', async () => {
    const name = 'api.rates.example'
    const outside = { name, address: '93.184.215.14', folder: folder.path }
    await using net = await startOutside(outside, { rate: 1.25 })
    const asking = calling
      .replace(': Int', ': Float')
      .replace("'))", "', { method: 'POST', body: 'EUR' }))")
      .replace('.status', '.json().rate')
    const path = await folderWith('asking', asking)
    const args = ['--args', JSON.stringify({ host: name }), '--allow-fetch']
    const { status, output } = await trellis(['invoke', path, 'Query.rate', ...args])
    expect([status, ...output.split('\n').slice(0, 2)]).toEqual([0, `info: asking ${name}`, '1.25'])
    expect(net).toMatchObject({
      asked: [name],
      meant: [outside.address],
      seen: [{ method: 'POST', url: '/?like=api.rates.example', host: name, sent: 'EUR' }],
    })
  }, 30_000)

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

  test('types are written again whenever a file is saved, also after one that is none', async () => {
    const path = await folderWith('watched', typed)
    const args = [program, 'types', '--watch', '--client', 'acme']
    const { PATH, HOME } = process.env
    const env = { PATH, HOME, TRELLIS_DATA: join(folder.path, 'data') }
    const watching = spawn(process.execPath, args, { cwd: path, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [watching.stdout, watching.stderr])
      stream.on('data', (chunk) => {
        said += chunk
      })
    const ended = once(watching, 'exit')
    const within = 30_000
    const declares = async (argument: string) => {
      const text = await readFile(join(path, 'trellis.d.ts'), 'utf8').catch(() => '')
      return text.includes(`readonly ${argument}: string`)
    }
    try {
      await eventually('it watches', () => said.includes('watching .'), within)
      expect(await declares('text')).toBe(true)
      await folderWith('watched', `${typed}}`)
      await eventually('a fault', () => /plugin\.ts:\d+ {2}BUNDLE_FAILED {2}/.test(said), within)
      await folderWith('watched', typed.replace('text: String!', 'words: String!'))
      await eventually('other types', () => declares('words'), within)
    } finally {
      watching.kill('SIGINT')
    }
    // Ended by itself, and there was a fault.
    expect(await ended).toEqual([1, null])
  }, 60_000)

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
      [['grant', 'acme'], { TRELLIS_DATA: '/nowhere' }, /^Name scopes with --scope/],
      [
        ['grant', 'acme', '--scope', 'notify'],
        { TRELLIS_DATA: '/nowhere', TRELLIS_ENDPOINT: 'http://127.0.0.1:1/graphql' },
        /^No operator key for the client acme is known: set TRELLIS_OPERATOR_KEY/,
      ],
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
