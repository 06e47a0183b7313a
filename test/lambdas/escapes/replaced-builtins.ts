import type { EscapeCase } from './escape-case.ts'

/** The language's own may be replaced: the prelude kept its own references, and only the plugin itself is fooled. */
export const replacedBuiltins: EscapeCase[] = [
  {
    tries: 'to forge what crosses through JSON',
    body: `JSON.stringify = () => '[{"value":"forged"}]'; JSON.parse = () => { throw new Error('caught') }; return 'real'`,
    answers: 'real',
  },
  {
    tries: 'to make its list look like anything else',
    body: `Array.isArray = () => true; return 'real'`,
    answers: 'real',
  },
  {
    tries: 'to be told of every promise by its species',
    body: `Object.defineProperty(Promise, Symbol.species, { get() { throw new Error('caught') } }); return 'real'`,
    answers: 'real',
  },
  {
    tries: 'to catch what the prelude waits for by a then of its own',
    body: `const { then } = Promise.prototype; const seen = []
      Promise.prototype.then = function (...given) { seen.push(typeof given[0]); return then.apply(this, given) }
      await ctx.graphql('{ me { id } }')
      return seen.join().replace(/function|undefined|,/g, '') || 'none'`,
    answers: 'none',
  },
  {
    tries: 'to have no error be one',
    body: 'Object.defineProperty(Error, Symbol.hasInstance, { configurable: true, value() { delete Error[Symbol.hasInstance]; throw 1 } }); throw new Error("x")',
    endsWith: ['LAMBDA_FAILED'],
  },
  {
    tries: 'to write outcomes of its own that cannot be read',
    body: `const iterate = Array.prototype[Symbol.iterator]
      Array.prototype[Symbol.iterator] = function* () { Array.prototype[Symbol.iterator] = iterate; yield '}{' }; return 'real'`,
    endsWith: ['LAMBDA_INVALID_RESULT'],
  },
  {
    tries: 'to name prototypes in its answer',
    body: `return JSON.parse('{"__proto__":{"value":1},"constructor":{"prototype":{"value":1}},"toString":1}')`,
    endsWith: ['LAMBDA_INVALID_RESULT'],
  },
  {
    tries: 'to answer with a trap',
    body: 'return new Proxy({}, { get() { throw new Error("trap") } })',
    endsWith: ['LAMBDA_FAILED'],
  },
  {
    tries: 'to throw a trap',
    body: 'throw new Proxy(new Error(), { get() { throw new Error("trap") } })',
    endsWith: ['LAMBDA_FAILED'],
  },
  { tries: 'to throw nothing', body: 'throw null', endsWith: ['LAMBDA_FAILED'] },
  { tries: 'to answer with a ring', body: 'const a = {}; a.a = a; return a', endsWith: ['LAMBDA_FAILED'] },
  {
    tries: 'to write its answer as something that is no JSON',
    body: `Object.prototype.toJSON = () => { delete Object.prototype.toJSON }; return 'real'`,
    endsWith: ['LAMBDA_FAILED', 'LAMBDA_INVALID_RESULT'],
  },
]
