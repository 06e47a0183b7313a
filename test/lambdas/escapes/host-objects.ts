import { type EscapeCase, reachesNothing } from './escape-case.ts'

const names = ['process', 'fetch', 'setTimeout', 'Buffer', 'module', 'ivm', 'isolate', 'Worker']
const taken = ['WebAssembly', 'Atomics', 'SharedArrayBuffer', 'FinalizationRegistry', 'Intl.Segmenter']

/** What Node, the sandbox or its prelude might have left lying about, and what can be done with what they did leave. */
export const hostObjects: EscapeCase[] = [
  ...[...names, ...taken].map((name) => reachesNothing(`typeof ${name}`)),
  reachesNothing('(() => { try { return require(["node", "fs"].join(":")) } catch {} })()'),
  reachesNothing('typeof new ArrayBuffer(8).resize'),
  reachesNothing('await import(["node", "fs"].join(":")).then(() => "reached", () => "undefined")'),
  reachesNothing('await Function("return import(\'fs\')")().then(() => "reached", () => "undefined")'),
  {
    tries: 'to find the ends that the prelude holds',
    body: `return Object.getOwnPropertyNames(globalThis).filter((name) => /ivm|isolate|ask|invoke|\\\\$/i.test(name)).join() || 'none'`,
    answers: 'none',
  },
  {
    tries: 'to read frames of the host off the stack of an error',
    body: `Error.prepareStackTrace = (_error, frames) => frames.map((frame) => frame.getFileName()).join()
      return /lambdas|node:/.test(new Error().stack) ? 'seen' : 'none'`,
    answers: 'none',
  },
  {
    tries: 'to reach functions of the prelude by the frames of an error',
    body: `Error.prepareStackTrace = (_error, frames) => frames
        .filter((frame) => frame.getFunctionName() !== 'answer')
        .filter((frame) => frame.getFunction() || frame.getThis()).length
      return new Error().stack ? 'reached' : 'none'`,
    answers: 'none',
  },
  {
    tries: 'to reach functions of the prelude as the callers of its own',
    body: `function mine() { try { return mine.caller ?? mine.arguments.callee.caller } catch { return null } }
      return String(mine.call(null) === null || /^async/.test(mine()) ? 'none' : mine())`,
    answers: 'none',
  },
  {
    tries: 'to turn an answer of the graph into a handle on the host by names on Object.prototype',
    body: `const seen = []
      for (const name of ['arguments', 'reference', 'externalCopy', 'timeout'])
        Object.defineProperty(Object.prototype, name, { configurable: true, get() { seen.push(name) } })
      await ctx.graphql('{ me { id } }')
      return seen.join() || 'none'`,
    answers: 'none',
  },
  {
    tries: 'to change what it was given',
    body: 'try { ctx.graphql = 1; ctx.kv.get = 1 } catch {} return [typeof ctx.graphql, typeof ctx.kv.get].join()',
    answers: 'function,function',
  },
]
