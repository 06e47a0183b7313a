/**
 * What stands between a plugin and its host inside the isolate: the body of a function that runs before the plugin's
 * bundle and gets the host's two ends, `$0` to ask (an ivm.Reference) and `$1` to log, and how much of each a call may
 * use: `$2` questions and `$3` characters of log. It keeps its own references to the language's built-ins, because the
 * plugin may replace the global ones; only text goes through it, and nothing of it is reachable from the plugin's code
 * but `console` and what a call is given as `ctx`.
 *
 * Questions and lines are rationed here, at their source, and not only where they arrive: each one that is sent is work
 * and memory of the thread that all isolates share, and a plugin that sends without end would keep that thread from
 * ever seeing that its CPU time is over.
 */
export const prelude = `'use strict'
const ask = $0
const log = $1
const maxQuestions = $2
const maxLogChars = $3
const { parse, stringify } = JSON
const { assign, defineProperty, keys, entries, freeze, fromEntries, getOwnPropertyNames } = Object
const { isArray } = Array
const root = globalThis
const { Error, Promise, Proxy, RangeError, String } = root
const cut = Function.prototype.call.bind(String.prototype.slice)
const includes = Function.prototype.call.bind(Array.prototype.includes)
const unanswered = new Promise(() => {})
// Without a prototype: what the plugin puts on Object.prototype must not turn an answer into a handle on the host.
const copied = freeze({ __proto__: null, result: freeze({ __proto__: null, promise: true, copy: true }) })

// Memory that the engine does not count, waits that burn no CPU, and code that runs in nobody's turn: a plugin gets none.
for (const name of ['WebAssembly', 'SharedArrayBuffer', 'Atomics', 'FinalizationRegistry']) delete globalThis[name]
for (const name of ['Segmenter', 'v8BreakIterator']) delete Intl[name]
for (const name of ['resize', 'transfer', 'transferToFixedLength']) delete ArrayBuffer.prototype[name]

// What formats dates and numbers holds such memory, too: of equal ones there is one, and of different ones not many.
const maxFormats = 200
let formats = 0
const rationed = (Format) => {
  const made = { __proto__: null }
  const make = ({ 0: locale, 1: options }) => {
    const key = stringify([isArray(locale) ? locale : locale && String(locale), options])
    // It is made of what the key says, and of nothing that could say something else the second time.
    const said = parse(key)
    if (!made[key] && ++formats > maxFormats) throw new RangeError(\`A plugin uses at most \${maxFormats} different formats.\`)
    return made[key] ??= new Format(said[0] ?? undefined, said[1] ?? undefined)
  }
  const ration = new Proxy(Format, { __proto__: null, apply: (_format, _self, given) => make(given), construct: (_format, given) => make(given) })
  defineProperty(Format.prototype, 'constructor', { value: ration })
  return ration
}
for (const name of getOwnPropertyNames(Intl)) if (Intl[name].prototype) Intl[name] = rationed(Intl[name])

const asText = (part) => typeof part === 'string' ? part : stringify(part) ?? String(part)
// Which call a line or a question belongs to is said by the context it came through, and checked by the host.
let current = 0
// An empty line costs the host something, too.
const lineCost = 64
let logged = 0
const line = (call, level) => (...parts) => {
  if (logged >= maxLogChars) return
  const text = cut(level + ': ' + parts.map(asText).join(' '), 0, maxLogChars)
  logged += text.length + lineCost
  log(call ?? current, text)
}
const levels = ['debug', 'info', 'log', 'warn', 'error']
globalThis.console = freeze(fromEntries(levels.map((level) => [level, line(null, level)])))

// One question to the host. What it is about is said by its \`do\`; the host takes nothing that is sent on trust.
const asking = (call, questions) => async (question) => {
  // The first one too many is sent, and empty: the host gives the call up for it.
  if (questions.sent > maxQuestions) return unanswered
  questions.sent += 1
  if (questions.sent > maxQuestions) return ask.apply(undefined, [call, ''], copied)
  const sent = parse(await ask.apply(undefined, [call, stringify(question)], copied))
  const { refused, code, answer } = sent.refused === undefined ? parse(sent.answer) : sent
  if (refused === undefined) return answer
  throw assign(new Error(refused), { code })
}
const graphqlWith = (askHost, rights) => async (document, variables) => {
  const { data, errors } = await askHost({ do: rights, document: String(document), variables: variables ?? {} })
  if (!errors) return data
  throw assign(new Error(errors[0]?.message ?? 'The graph answered an error.'), { errors, data })
}
const storeOf = (askHost) => freeze({
  get: (key) => askHost({ do: 'kv.get', key }),
  set: (key, value, { ttlSeconds, ifEquals } = {}) => askHost({ do: 'kv.set', key, value, ttlSeconds, ifEquals }),
  delete: (key) => askHost({ do: 'kv.delete', key }),
  list: ({ prefix, after, limit } = {}) => askHost({ do: 'kv.list', prefix, after, limit }),
})
const fetchWith = (askHost) => async (url, { method, headers, body } = {}) => {
  const answer = await askHost({ do: 'fetch', url: String(url), method, headers, body })
  const { status, headers: received, body: text } = answer
  return freeze({
    status,
    ok: status >= 200 && status < 300,
    headers: freeze(received),
    text: () => text,
    json: () => parse(text),
  })
}
// What a lambda of this call is given; \`facts\` are what the host knows of the call.
const contextOf = (call, { viewer, flags = [] }) => {
  const askHost = asking(call, { sent: 0 })
  return {
    viewer,
    graphql: graphqlWith(askHost, 'graphql'),
    asPlugin: freeze({ graphql: graphqlWith(askHost, 'asPlugin.graphql') }),
    kv: storeOf(askHost),
    secrets: freeze({ get: (name) => askHost({ do: 'secrets.get', name }) }),
    emit: (type, { subject, data } = {}) => askHost({ do: 'emit', type, subject, data }),
    fetch: fetchWith(askHost),
    flag: (name) => includes(flags, name),
    log: line(call, 'info'),
  }
}

let plugin
let resolvers

// What is thrown may be anything, and may throw again when it is looked at.
const failure = (error) => {
  try {
    if (!(error instanceof Error)) return { error: cut(String(error), 0, 1000) }
    return { error: cut(String(error.message), 0, 1000), trace: cut(String(error.stack), 0, 3000) }
  } catch {
    return { error: 'The lambda threw something that cannot be read.' }
  }
}
// An Error in a batch is the failure of one object; all else a lambda returns is a value.
const outcome = (value) => value instanceof Error ? failure(value) : { value }

const rejections = new WeakSet()
const isRejection = Function.prototype.call.bind(WeakSet.prototype.has)
const remember = Function.prototype.call.bind(WeakSet.prototype.add)
const reject = (code, message) => {
  const rejection = freeze({ reject: freeze({ code: String(code), message: String(message) }) })
  remember(rejections, rejection)
  return rejection
}

const resolve = async (lambda, { parent, args }, ctx) => {
  const [type, field] = lambda.split('.')
  const result = await resolvers[type][field](parent ?? undefined, args, freeze(ctx))
  if (!isArray(parent)) return outcome(result)
  if (isArray(result) && result.length === parent.length) return result.map(outcome)
  return { invalid: \`\${lambda} has to answer a list with one value for each of the \${parent.length} objects it is given, in their order.\` }
}
const follow = async (coordinate, { argument }, ctx) => {
  const decision = await plugin.rules[coordinate](argument, freeze({ ...ctx, reject }))
  if (isRejection(rejections, decision)) return { value: decision }
  if (decision !== null && typeof decision === 'object') return { value: { args: decision } }
  throw new Error(\`The rule of \${coordinate} has to return the arguments, or what ctx.reject made.\`)
}
const handle = async (type, { argument }, ctx) => {
  // Nobody is calling: there is no caller whose rights it could ask with.
  const { graphql, viewer, ...rest } = ctx
  await plugin.on[type](argument, freeze(rest))
  return { value: null }
}

// One lambda of a crossing, its outcome as text: what it throws, or what cannot be written as JSON, is its own failure alone.
const run = async (call, one, facts) => {
  const { lambda } = one
  const ctx = contextOf(call, facts)
  try {
    const found = lambda.startsWith('rule:') ? await follow(lambda.slice(5), one, ctx)
      : lambda.startsWith('on:') ? await handle(lambda.slice(3), one, ctx)
      : await resolve(lambda, one, ctx)
    return stringify(found)
  } catch (error) {
    return stringify(failure(error))
  }
}

return {
  // The bundle has run: what it exports is a global.
  adopt() {
    const definition = root.__plugin?.default ?? null
    if (typeof definition !== 'object' || definition === null)
      throw new Error('plugin.ts has no default export made by definePlugin.')
    plugin = definition
    resolvers = plugin.resolvers ?? {}
  },
  rest() {},
  describe: () => stringify({
    typeDefs: plugin.typeDefs,
    settings: keys(plugin),
    functions: entries(resolvers).map(([type, fields]) => [type, keys(fields)]),
    rules: keys(plugin.rules ?? {}),
    handlers: keys(plugin.on ?? {}),
    needs: plugin.needs ?? {},
  }),
  async invoke(call, crossing) {
    current = call
    logged = 0
    const { calls, ...facts } = parse(crossing)
    // All begin before the first is waited for. None of them rejects.
    const running = calls.map((one) => run(call, one, facts))
    let outcomes = ''
    for (const one of running) outcomes += (outcomes && ',') + (await one)
    return '[' + outcomes + ']'
  },
}
`
