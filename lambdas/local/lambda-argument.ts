import { argumentsOf, fieldOf } from './field-call.ts'
import type { LocalCall, LocalPlugin } from './open-local-plugin.ts'

/** What somebody hands to a lambda; what is not for its kind is left unused. */
export type Given = {
  /** Of a field or of the root field that a rule guards. */
  args: Readonly<Record<string, unknown>>
  /** The objects of a field that is not of Query or Mutation. */
  parents: readonly object[]
  /** For a handler. What is left out is made up. */
  event: Readonly<Record<string, unknown>>
  viewer: LocalCall['facts']['viewer']
}

/** The argument of a lambda in the form the platform gives it. @throws {Error} for a lambda that the plugin has not */
export function argumentFor({ build, schema }: LocalPlugin, lambda: string, given: Given): object {
  const [kind = '', name = ''] = /^(rule|on):(.*)$/.exec(lambda)?.slice(1) ?? []
  if (kind === 'rule') {
    demand(build.rules, name, 'rule')
    const [type, field] = name.split('.')
    return { argument: { type, field, args: given.args, viewer: given.viewer } }
  }
  if (kind === 'on') {
    demand(build.handlers, name, 'handler')
    return { argument: { ...madeUp(), type: name, ...given.event } }
  }
  demand(build.functions, lambda, 'function')
  const field = fieldOf(schema, lambda)
  const args = field ? argumentsOf(field, given.args) : given.args
  return { parent: /^(Query|Mutation)\./.test(lambda) ? null : given.parents, args }
}

function madeUp() {
  const now = new Date().toISOString()
  return { id: crypto.randomUUID(), subject: crypto.randomUUID(), time: now, actor: null, data: {} }
}

function demand(known: readonly string[], name: string, what: string): void {
  if (known.includes(name)) return
  throw new Error(`The plugin has no ${what} ${name}; it has ${known.join(', ') || 'none'}.`)
}
