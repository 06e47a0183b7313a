import { isAscii } from 'node:buffer'
import { createPlanner } from '../../../../gateway/planning/create-planner.ts'
import { readResponseText } from '../../../../gateway/transports/read-graphql-response.ts'
import { compose } from '../../../federation/compose.ts'
import { askBoth, errorsOf, type Respond, type Responders } from './both-executors.ts'

const planner = createPlanner(
  compose({
    a: {
      sdl: `scalar JSON enum Size { S M }
        type Query { t: T ts: [T!] u: U any: JSON grid: [[Int]] }
        union U = T | V
        type V { id: ID! flag: Boolean }
        type T @key(fields: "id") { id: ID! name: String n: Int sure: Int! f: Float ok: Boolean size: Size tags: [String!] any: JSON }`,
    },
    b: {
      sdl: 'type T @key(fields: "id") { id: ID! b: Int c: String w: W } type W @key(fields: "k") { k: ID! }',
    },
    c: { sdl: 'type W @key(fields: "k") { k: ID! z: Int }' },
  }),
)

/** Texts as they come over HTTP, to both executors. */
const texts =
  (name: string, text: string): Respond =>
  (request) =>
    request.wantsText ? { text, isAscii: isAscii(Buffer.from(text)) } : readResponseText(text, name)

const entities = '{"data":{"_entities":[{"b":1,"c":"x","w":{"__typename":"W","k":"w1"}}]}}'
const last = '{"data":{"_entities":[{"z":1}]}}'

function respond(parts: { a?: string; b?: string; c?: string }): Responders {
  const { a = '{"data":{"t":{"__typename":"T","id":"1","name":"n"}}}', b = entities, c = last } = parts
  return { a: texts('a', a), b: texts('b', b), c: texts('c', c) }
}

async function expectAlike(query: string, responders: Responders): Promise<string> {
  const { ours, reference, ourText } = await askBoth(planner, responders, { query })
  expect(JSON.stringify(ours.data)).toBe(JSON.stringify(reference.data))
  expect(errorsOf(ours)).toEqual(errorsOf(reference))
  return ourText
}

const t = (fields: string) => `{"data":{"t":{"__typename":"T","id":"1"${fields}}}}`

describe('values of a subgraph', () => {
  const values = [
    ...[
      'null',
      'true',
      'false',
      '0',
      '-0',
      '1',
      '-1',
      '01',
      '1.0',
      '1.5',
      '1e3',
      '1e400',
      '2147483647',
      '2147483648',
    ],
    ...['-2147483649', '9007199254740993', '123456789012345678901234567890', '+1', '1.', '.5', '-', 'NaN'],
    ...[
      '""',
      '"S"',
      '"XL"',
      '"1"',
      '"\\u0041"',
      '"\\u00e9"',
      '"\\ud800"',
      '"\ud83d\ude00"',
      '"é"',
      '"a\\"b"',
      '"a\\nb"',
      '"a\nb"',
      '"\\x"',
    ],
    ...[
      '[]',
      '{}',
      '["a"]',
      '[null]',
      '["a",null]',
      '[["a"]]',
      '{"a":1}',
      '{"a":1,"a":2}',
      '{"__proto__":{"x":1}}',
      '[1,',
      '"',
    ],
  ]
  test.each(['name', 'n', 'sure', 'f', 'ok', 'size', 'tags', 'any', 'id'])(
    '%s, whatever comes',
    async (field) => {
      for (const value of values) {
        await expectAlike(
          `{ t { ${field} } }`,
          respond({ a: `{"data":{"t":{"__typename":"T","${field}":${value}}}}` }),
        )
      }
    },
  )

  test('objects and lists where they should not be', async () => {
    for (const value of [
      ...values,
      '{"__typename":"V","id":"1"}',
      '{"__typename":"X"}',
      '{"__typename":5}',
    ]) {
      await expectAlike('{ t { name } }', respond({ a: `{"data":{"t":${value}}}` }))
      await expectAlike('{ ts { name } }', respond({ a: `{"data":{"ts":${value}}}` }))
      await expectAlike('{ ts { name } }', respond({ a: `{"data":{"ts":[${value}]}}` }))
      await expectAlike(
        '{ u { __typename ... on T { name } ... on V { flag } } }',
        respond({ a: `{"data":{"u":${value}}}` }),
      )
      await expectAlike('{ grid any }', respond({ a: `{"data":{"grid":${value},"any":${value}}}` }))
      await expectAlike('{ grid }', respond({ a: `{"data":{"grid":[[1,2],${value}]}}` }))
    }
  })
})

describe('answers of a subgraph', () => {
  test('keys twice, keys that nobody asked for, keys of prototypes', async () => {
    for (const fields of [
      ',"name":"a","name":"b"',
      ',"other":[{"x":"}"}],"name":"a"',
      ',"__proto__":{"name":"p"},"name":"a"',
      ',"constructor":1,"toString":2,"name":"a"',
      ',"na\\u006de":"escaped"',
      ',"$0":{"data":1}',
    ]) {
      await expectAlike('{ t { id name b } }', respond({ a: t(fields) }))
    }
    expect(Object.hasOwn(Object.prototype, 'name')).toBe(false)
  })

  test('white space anywhere', async () => {
    const pretty = JSON.stringify(JSON.parse(t(',"name":"a b","n":1,"tags":["x" ]')), null, '\t')
    expect(await expectAlike('{ t { name n tags b } }', respond({ a: ` ${pretty}\r\n` }))).toBe(
      '{"data":{"t":{"name":"a b","n":1,"tags":["x"],"b":1}}}',
    )
  })

  test('texts that are no answer', async () => {
    const whole = t(',"name":"a"')
    for (let length = 0; length < whole.length; length += 3) {
      await expectAlike('{ t { name } }', respond({ a: whole.slice(0, length) }))
    }
    for (const a of [
      `${whole}x`,
      `x${whole}`,
      '[]',
      'null',
      '{}',
      '{"data":null}',
      '{"data":[]}',
      '{"errors":[]}',
      '<html>',
    ]) {
      await expectAlike('{ t { name } }', respond({ a }))
    }
    await expectAlike('{ t { name } }', respond({ a: `{"data":{"t":${'['.repeat(500)}${']'.repeat(500)}}}` }))
  })

  test('entity lists of the wrong length or kind', async () => {
    for (const list of [
      '[]',
      '[null]',
      '[{},{}]',
      '[[]]',
      '[5]',
      '{}',
      'null',
      '"x"',
      '[{"b":"x"}]',
      '[{"w":[]}]',
      '[{"w":{"k":null}}]',
    ]) {
      await expectAlike('{ t { b c w { z } } }', respond({ b: `{"data":{"_entities":${list}}}` }))
    }
  })

  test('mutilated at random', async () => {
    const random = seeded(20_240_607)
    const good = {
      a: '{"data":{"ts":[{"__typename":"T","id":"1","name":"a"},{"__typename":"T","id":"2","name":"b"}]}}',
    }
    const b = '{"data":{"_entities":[{"b":1,"w":{"__typename":"W","k":"1"}},{"b":2,"w":null}]}}'
    for (let round = 0; round < 400; round++) {
      const responders = respond(
        random() < 0.5 ? { a: mutilate(good.a, random), b } : { ...good, b: mutilate(b, random) },
      )
      await expectAlike('{ ts { id name b w { z } } }', responders)
    }
  })
})

const pieces = [
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '\\',
  'null',
  '1',
  '-',
  '.',
  'e',
  ' ',
  '\n',
  '"id"',
  '\u0000',
  '{}',
  '[]',
]

function mutilate(text: string, random: () => number): string {
  const at = Math.floor(random() * text.length)
  const piece = pieces[Math.floor(random() * pieces.length)] ?? ''
  return text.slice(0, at) + piece + text.slice(at + Math.floor(random() * 3))
}

/** Park and Miller's. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}
