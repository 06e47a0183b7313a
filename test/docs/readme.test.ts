import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import {
  buildClientSchema,
  buildSchema,
  getIntrospectionQuery,
  type IntrospectionQuery,
  parse,
  validate,
} from 'graphql'
import { eventually } from '../support/eventually.ts'
import { openSocket, post } from '../support/graphql.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'

const read = async (file: string) => readFile(new URL(`../../${file}`, import.meta.url), 'utf8')
const blocks = async (file: string, language: string) =>
  [...(await read(file)).matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, text = '']) => text,
  )

/** Operations within a text, in a line of their own or not: a query in its braces, a mutation, a subscription. */
const inlineOperations = async (file: string) =>
  [...(await read(file)).matchAll(/`((?:mutation |subscription )?\{ \w[^`]*\})`/g)]
    .map(([, text = '']) => text)
    .filter((text) => !/^\{ "/.test(text))

/** What the README tells a new user to do, word for word, on a platform that has just been made. */
describe('README.md', () => {
  let folder: TemporaryFolder
  let platform: TestPlatform
  let headers: { 'x-api-key': string }
  beforeAll(async () => {
    folder = await makeTemporaryFolder()
    platform = await startPlatform({ dataDirectory: join(folder.path, 'data'), args: [] })
    headers = { 'x-api-key': platform.demo.clients.acme?.secretKey ?? '' }
  }, 90_000)
  afterAll(async () => {
    await platform?.stop()
    await folder?.[Symbol.asyncDispose]()
  }, 30_000)

  test('has exactly the two set-up commands', async () => {
    const commands = (await blocks('README.md', 'sh')).filter((block) => block.includes('npm'))
    expect(commands).toEqual(['npm install && npm start\n', 'npm install && npm test\n'])
  })

  test('its query has the answer it shows', async () => {
    const [query = ''] = await blocks('README.md', 'graphql')
    const [answer = ''] = await blocks('README.md', 'json')
    expect(await post(platform.endpoint, headers, { query })).toEqual(JSON.parse(answer))
  })

  test('its subscription shows what its mutation does', async () => {
    const [, query = '', mutation = ''] = await blocks('README.md', 'graphql')
    const [, event = ''] = await blocks('README.md', 'json')
    const client = openSocket(platform.endpoint, { apiKey: headers['x-api-key'] })
    let first: unknown
    const stop = client.subscribe(
      { query },
      {
        next: (payload) => {
          first ??= payload
        },
        error: (error) => {
          first ??= error
        },
        complete: () => undefined,
      },
    )
    // Nothing says that a subscription is live: orders come in until one is shown.
    const shown = await eventually('an event', async () => {
      await post(platform.endpoint, headers, { query: mutation })
      return first
    })
    stop()
    await client.dispose()
    expect(shown).toEqual(JSON.parse(event))
  })

  test('its shell command is answered', async () => {
    const [command = ''] = (await blocks('README.md', 'sh')).filter((block) => block.includes('curl'))
    const here = command
      .replace('http://127.0.0.1:4000', platform.url)
      .replace('./.trellis/demo.json', join(folder.path, 'data', 'demo.json'))
    const { stdout } = await promisify(execFile)('bash', ['-c', here])
    expect(JSON.parse(stdout)).toEqual({
      data: {
        records: { edges: [{ node: { data: expect.objectContaining({ total: expect.any(Number) }) } }] },
      },
    })
  })

  test('the operations of the guide for frontends fit the schema of a client', async () => {
    const introspection = await post<IntrospectionQuery>(platform.endpoint, headers, {
      query: getIntrospectionQuery(),
    })
    if (!introspection.data) throw new Error('no schema')
    const schema = buildClientSchema(introspection.data)
    const operations = await blocks('docs/frontend.md', 'graphql')
    expect(operations.length).toBeGreaterThan(1)
    expect(operations.flatMap((operation) => validate(schema, parse(operation)))).toEqual([])
  })

  test('the plugin of the guide for authors is accepted, by the mutation it shows', async () => {
    const [content = ''] = await blocks('docs/plugins.md', 'ts')
    const [query = ''] = await blocks('docs/plugins.md', 'graphql')
    const answer = await post(
      platform.endpoint,
      { 'x-api-key': platform.demo.clients.acme?.deployKey ?? '' },
      { query, variables: { files: [{ path: 'plugin.ts', content }] } },
    )
    expect(answer).toEqual({
      data: { deployPlugin: { number: expect.any(Number), active: false, errors: [] } },
    })
  })

  test('the guide for authors does what it says, from an empty folder to a plugin that is served and taken back', async () => {
    const cwd = join(folder.path, 'author')
    await mkdir(cwd)
    const [guide = ''] = (await read('docs/plugins.md')).split('\n## Fields')
    const said: string[] = []
    for (const [, language, text = ''] of guide.matchAll(/```(ts|sh)\n([\s\S]*?)```/g)) {
      const file = /^\/\/ (\S+)\n/.exec(text)?.[1]
      if (language === 'ts' && file) {
        await mkdir(dirname(join(cwd, file)), { recursive: true })
        await writeFile(join(cwd, file), text)
        continue
      }
      const { stdout } = await run(text, cwd)
      said.push(...stdout.trim().split('\n'))
    }
    // Told as a whole, so that a failure shows all that was said.
    const expected: (string | RegExp)[] = [
      'ℹ pass 1',
      'hello/trellis.d.ts written',
      'globex: would be release 2, with 1 lambda; nothing was changed',
      /^globex: release 2 served in \d+ ms, with 1 lambda$/,
      /"name":"Gus Admin","initials":"GA"/,
      /^\* {4}2 .* initials$/,
      /^globex: release 1 served again, in \d+ ms$/,
    ]
    const isSaid = (line: string | RegExp) =>
      said.some((heard) => (typeof line === 'string' ? heard === line : line.test(heard)))
    expect({ said, missing: expected.filter((line) => !isSaid(line)) }).toEqual({ said, missing: [] })
  }, 60_000)

  test('the guide for partners shows what a partner of acme sees of its plugin, and no more', async () => {
    const [create = '', sdl = '', query = ''] = await blocks('docs/partners.md', 'graphql')
    const plugin = await read('clients/acme/plugin.ts')
    for (const line of sdl.trim().split('\n')) expect(plugin).toContain(line.trim())
    const { data } = await post<{ createApiKey: { secret: string } }>(platform.endpoint, headers, {
      query: create,
    })
    const partner = { 'x-api-key': data?.createApiKey.secret ?? '' }
    const order =
      'mutation { createRecord(collection: "orders", data: { total: 77, status: "open" }) { id } }'
    await post(platform.endpoint, headers, { query: order })
    const shown = await eventually('a day with orders', async () => {
      const { data } = await post<{ orderDays: object[] | null }>(platform.endpoint, partner, { query })
      return data?.orderDays?.[0]
    })
    expect(shown).toEqual({ day: expect.stringMatching(/^\d{4}-\d\d-\d\d$/), orders: expect.any(Number) })
    for (const hidden of [
      '{ orderDays { total } }',
      '{ bestCustomers { id } }',
      '{ users { totalCount } }',
    ]) {
      const { errors } = await post(platform.endpoint, partner, { query: hidden })
      expect(errors?.[0]?.extensions?.code).toBe('GRAPHQL_VALIDATION_FAILED')
    }
  })

  test('the operations and commands of the guide for operators do what it says', async () => {
    const file = 'docs/operations.md'
    const ofNewClient = await newClientOperations()
    const operations = [...(await blocks(file, 'graphql')), ...(await inlineOperations(file))].filter(
      (operation) => !ofNewClient.includes(operation),
    )
    const schema = buildSchema(await read('schema/control.graphql'))
    expect(operations.length).toBeGreaterThan(12)
    expect(operations.flatMap((operation) => validate(schema, parse(operation)))).toEqual([])
    const operator = { 'x-api-key': platform.demo.operatorKey }
    for (const query of operations) {
      // Those name something that is not there yet, or go on for ever.
      if (query.includes('…') || query.startsWith('subscription')) continue
      expect({ query, ...(await post(platform.endpoint, operator, { query })) }).not.toHaveProperty('errors')
    }
    const [commands = ''] = (await blocks(file, 'sh')).filter((block) => block.includes('npx trellis'))
    const { stdout } = await run(commands)
    expect(stdout.trim().split('\n').at(-2)).toBe(
      'acme is granted notify, calls to *.shipping.example, calls to api.shipping.example',
    )
  })

  const newClientOperations = async () => {
    const [, guide = ''] = (await read('docs/operations.md')).split('\n## A new client\n')
    const [section = ''] = guide.split('\n## ')
    return [...section.matchAll(/```graphql\n([\s\S]*?)```/g)].map(([, text = '']) => text)
  }

  test('a new client comes about as the guide for operators says, up to its first administrator', async () => {
    const [createClient = '', createApiKey = '', users = '', setRoles = '', changes = ''] =
      await newClientOperations()
    const [signUp = ''] = (await blocks('docs/frontend.md', 'graphql'))[0]?.split('\n') ?? []
    const ask = async <Data>(apiKey: string, query: string) => {
      const { data, errors } = await post<Data>(platform.endpoint, { 'x-api-key': apiKey }, { query })
      if (!data || errors) throw new Error(`${query}: ${JSON.stringify(errors)}`)
      return data
    }
    const { operatorKey } = platform.demo
    type Created = { createClient: { secretKey: string; deployKey: string } }
    const { secretKey, deployKey } = (await ask<Created>(operatorKey, createClient)).createClient
    expect(deployKey).toMatch(/^trellis_deploy_/)
    const made = await ask<{ createApiKey: { secret: string } }>(secretKey, createApiKey)
    await ask(made.createApiKey.secret, signUp)
    type Found = { users: { edges: { node: { id: string; roles: string[] } }[] } }
    const found = await ask<Found>(secretKey, users)
    expect(found.users.edges.map(({ node }) => node.roles)).toEqual([['MEMBER']])
    const id = found.users.edges[0]?.node.id ?? ''
    expect(await ask(secretKey, setRoles.replace('…', id))).toEqual({
      setRoles: { id, roles: ['MEMBER', 'ADMIN'] },
    })
    const { changes: record } = await ask<{ changes: { edges: unknown[] } }>(operatorKey, changes)
    expect(record.edges.length).toBeGreaterThan(0)
  })

  /** Commands as they are printed, on this platform. */
  async function run(commands: string, cwd = folder.path) {
    const data = join(folder.path, 'data')
    const trellis = join(import.meta.dirname, '../../cli/trellis.js')
    const here = commands
      .replaceAll('npx trellis', `'${process.execPath}' '${trellis}'`)
      .replaceAll('http://127.0.0.1:4000', platform.url)
      .replaceAll('./.trellis/demo.json', join(data, 'demo.json'))
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, TRELLIS_DATA: data }
    return promisify(execFile)('bash', ['-ec', here], { cwd, env })
  }
})
