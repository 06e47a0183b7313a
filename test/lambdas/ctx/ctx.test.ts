import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { start } from '../../../lambdas/host/main.ts'
import {
  answering,
  deployerOf,
  type LambdaHostUnderTest,
  startLambdaHost,
} from '../lambda-host-under-test.ts'

let host: LambdaHostUnderTest
const server = createServer((request, response) => response.end(`${request.method} ${request.url}`))
let port = 0
const asked: { authorization: string; traceparent: string | undefined }[] = []
beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
  host = await startLambdaHost(
    (_request, authorization, traceparent) => {
      asked.push({ authorization, traceparent })
      return { data: { ok: true } }
    },
    { env: { TRELLIS_EGRESS_ALLOW: '127.0.0.1' } },
  )
})
afterAll(async () => {
  server.close()
  await host?.close()
})

const run = async (body: string, client = 'acme') => {
  const { data, errors } = await (await host.deploy(client, answering(body)))('{ answer }')
  return data?.answer ?? errors?.[0]?.message
}
const codeOf = (work: string) => `return await ${work}.then(() => 'done', (error) => error.code)`

test('values are kept from call to call and release to release, each client its own', async () => {
  expect(await run('return String(await ctx.kv.set("a", { n: 1 }))')).toBe('true')
  expect(
    await run('return JSON.stringify([await ctx.kv.get("a"), await ctx.kv.list({ prefix: "a" })])'),
  ).toBe('[{"n":1},[{"key":"a","value":{"n":1}}]]')
  expect(await run('return JSON.stringify([await ctx.kv.get("a"), await ctx.kv.list()])', 'globex')).toBe(
    '[null,[]]',
  )
  expect(await run('return String(await ctx.kv.set("a", 2, { ifEquals: { n: 3 } }))')).toBe('false')
  expect(await run('return String(await ctx.kv.delete("a"))')).toBe('true')
})

test.each([
  ['BAD_USER_INPUT', 'ctx.kv.set("a", undefined)'],
  ['BAD_USER_INPUT', 'ctx.kv.get("")'],
  ['BAD_USER_INPUT', 'ctx.kv.get({ toJSON: () => ["a"] })'],
  ['KV_VALUE_TOO_LARGE', 'ctx.kv.set("a", "x".repeat(70000))'],
  ['EGRESS_NOT_GRANTED', 'ctx.fetch("https://evil.example")'],
  ['NOT_AVAILABLE', 'ctx.emit("plugin.x", { subject: "s", data: {} })'],
])('%s: %s', async (code, work) => {
  expect(await run(codeOf(work))).toBe(code)
})

test('ctx.fetch reaches what was granted, from the moment it was, and no longer', async () => {
  const url = `http://127.0.0.1:${port}`
  const fetched = `const answer = await ctx.fetch("${url}/x"); return answer.ok + " " + answer.text()`
  await host.gateway.setPlugin('acme', { grants: { scopes: [], egress: [url] } })
  expect(await run(fetched)).toBe('true GET /x')
  await host.gateway.setPlugin('acme', { grants: { scopes: [], egress: [] } })
  expect(await run(codeOf(`ctx.fetch("${url}/x")`))).toBe('EGRESS_NOT_GRANTED')
})

test('flags are on for the same viewers each time, and who is calling is told without anything to present', async () => {
  const flag = (name: string, enabled: boolean, percent: number | null) => ({ name, enabled, percent })
  const flags = [
    flag('on', true, null),
    flag('off', false, 100),
    flag('none', true, 0),
    flag('all', true, 100),
  ]
  await host.gateway.setPlugin('acme', { flags })
  expect(
    await run('return ["on", "off", "none", "all", "unknown"].filter((name) => ctx.flag(name)).join()'),
  ).toBe('on,all')
  expect(await run('return JSON.stringify(ctx.viewer)')).toBe(
    '{"kind":"USER","userId":"u1","roles":["MEMBER"]}',
  )
})

test("the plugin's own rights never enter the isolate, and what it does with them says how far it is from a person", async () => {
  asked.length = 0
  await host.gateway.setPlugin('acme', { grants: { scopes: ['records:read'], egress: [] } })
  const found = await run(`
    await ctx.asPlugin.graphql('{ ok }')
    const texts = new Set()
    const walk = (value, depth) => {
      if (depth > 4 || value === null || (typeof value !== 'object' && typeof value !== 'function')) return void texts.add(String(value))
      for (const name of Reflect.ownKeys(value)) try { walk(value[name], depth + 1) } catch {}
    }
    walk(ctx, 0); walk(globalThis, 0)
    return String([...texts].some((text) => /^ey[J][\\w-]{20}/.test(text)))`)
  expect(found).toBe('false')
  expect(asked).toEqual([
    {
      authorization: expect.stringMatching(/^Bearer eyJ/),
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-01/),
    },
  ])
})

test('a copy that is started with a new key seals secrets with it; one that has the old key alone says so to the lambda', async () => {
  const set = { do: 'setSecret', name: 'TOKEN', value: 'hush-hush-42' }
  await host.send('/clients/acme/desk', set, deployerOf('acme'))
  expect(await run('return String(await ctx.secrets.get("TOKEN") === "hush-hush-42")')).toBe('true')
  const next = randomBytes(32).toString('base64')
  const keys = { TRELLIS_SECRETS_KEY: next, TRELLIS_SECRETS_KEY_PREVIOUS: host.env.TRELLIS_SECRETS_KEY }
  const copy = await start({ ...host.env, ...keys })
  await copy.close()
  expect(await run(codeOf('ctx.secrets.get("TOKEN")'))).toBe('SECRET_UNREADABLE')
})
