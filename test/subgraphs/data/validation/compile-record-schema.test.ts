import { compileRecordSchema } from '../../../../subgraphs/data/validation/compile-record-schema.ts'

const refusal = { extensions: { code: 'BAD_USER_INPUT' } }

describe('compileRecordSchema', () => {
  test('every broken rule is reported with its pointer', () => {
    const validate = compileRecordSchema({
      type: 'object',
      required: ['number', 'toString'],
      properties: {
        total: { type: 'number', minimum: 0 },
        mail: { type: 'string', format: 'email' },
        items: { type: 'array', prefixItems: [{ type: 'string' }] },
      },
      additionalProperties: false,
    })
    const violations = validate({ total: -1, mail: 'no', items: [1], 'a/b~c': 1 })
    expect(violations.map(({ path, rule }) => [path, rule])).toEqual(
      expect.arrayContaining([
        ['/number', 'required'],
        ['/toString', 'required'],
        ['/total', 'minimum'],
        ['/mail', 'format'],
        ['/items/0', 'type'],
        ['/a~1b~0c', 'additionalProperties'],
      ]),
    )
    expect(violations).toHaveLength(6)
  })

  test('no more than a hundred violations are told', () => {
    const validate = compileRecordSchema({ properties: { list: { items: { type: 'string' } } } })
    expect(validate({ list: new Array(5000).fill(1) })).toHaveLength(100)
  })

  test.each([
    ['not an object', 7],
    ['an unknown type', { type: 'nope' }],
    ['a broken pattern', { properties: { a: { pattern: '(' } } }],
    ['a reference to another document', { $ref: 'https://example.com/schema.json' }],
    ['a reference to the metaschema', { $ref: 'https://json-schema.org/draft/2020-12/schema' }],
    ['a reference to nowhere', { $ref: '#/$defs/missing' }],
    ['another dialect', { $schema: 'http://json-schema.org/draft-07/schema#' }],
    ['an asynchronous schema', { $async: true }],
    ['a nested asynchronous schema', { properties: { a: { $async: true, type: 'string' } } }],
  ])('%s is refused', (_what, schema) => {
    expect(() => compileRecordSchema(schema)).toThrow(expect.objectContaining(refusal))
  })

  test('two schemas of one $id know nothing of each other', () => {
    const one = compileRecordSchema({ $id: 'https://acme.example/order', required: ['a'] })
    const other = compileRecordSchema({ $id: 'https://acme.example/order', required: ['b'] })
    expect(one({ a: 1 })).toEqual([])
    expect(other({ a: 1 })).toHaveLength(1)
    expect(() => compileRecordSchema({ $ref: 'https://acme.example/order' })).toThrow(
      expect.objectContaining(refusal),
    )
  })

  test('a schema is data and never becomes code', () => {
    const hostile = '"+(globalThis.broken=true)+"`+(globalThis.broken=true)+`\u2028\n*/'
    const validate = compileRecordSchema({
      $comment: hostile,
      $defs: { [hostile]: { const: hostile } },
      properties: { [hostile]: { enum: [hostile], pattern: 'x', format: hostile, description: hostile } },
      required: [hostile],
      dependentRequired: { [hostile]: [hostile] },
    })
    expect(validate({})).toHaveLength(1)
    validate({ [hostile]: hostile })
    expect(Reflect.get(globalThis, 'broken')).toBeUndefined()
  })

  test.each([
    ['a pattern that backtracks for ever', { properties: { a: { pattern: '^(x+x+)+y$' } } }],
    ['a schema that is itself', { $ref: '#' }],
    [
      'a schema that doubles at each step',
      { $defs: { x: { anyOf: [{ $ref: '#/$defs/x' }, { $ref: '#/$defs/x' }] } }, $ref: '#/$defs/x' },
    ],
  ])('%s is stopped', (_what, schema) => {
    // Nothing else ends it: it would go on for longer than any test.
    const validate = compileRecordSchema(schema)
    expect(() => validate({ a: 'x'.repeat(100) })).toThrow(expect.objectContaining(refusal))
    // It leaves nothing behind: the next record is judged as ever.
    expect(compileRecordSchema({ required: ['b'] })({})).toHaveLength(1)
  })

  test('each call reports its own violations', () => {
    const validate = compileRecordSchema({ required: ['a'] })
    expect(validate({})).toHaveLength(1)
    expect(validate({ a: 1 })).toEqual([])
  })
})
