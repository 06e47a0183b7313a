import ivm from 'isolated-vm'
import type { IsolateLimits } from './isolate-limits.ts'
import { prelude } from './prelude.ts'

/** The functions of a plugin that is ready to be called, inside its isolate. */
export type Plugin = Record<'describe' | 'invoke' | 'rest', ivm.Reference>

/** The host's ends of the two lines out of an isolate. What comes in is what plugin code sends: anything. */
export type PluginEnds = {
  limits: IsolateLimits
  ask(call: unknown, request: unknown): Promise<string>
  log(call: unknown, text: unknown): void
}

/** Evaluates a bundled plugin in a new context. Throws what its code throws. */
export async function loadPlugin(
  isolate: ivm.Isolate,
  source: string,
  { ask, log, limits }: PluginEnds,
): Promise<Plugin> {
  // Nobody else is in the isolate yet, and this much is the platform's own: without waking up its thread for each step.
  const context = isolate.createContextSync()
  const ends = [
    new ivm.Reference(ask),
    new ivm.Callback(log, { ignored: true }),
    limits.hostCalls,
    limits.logChars,
  ]
  const inside: ivm.Reference = context.evalClosureSync(prelude, ends, { result: { reference: true } })
  const end = (name: string): ivm.Reference => inside.getSync(name, { reference: true })
  const plugin = { describe: end('describe'), invoke: end('invoke'), rest: end('rest') }
  const adopt = end('adopt')
  // The author's code runs on the isolate's thread, which finds both in its queue when it wakes up.
  const running = context.eval(source, { filename: 'plugin.js' })
  const adopting = adopt.apply(undefined, [])
  adopting.catch(() => undefined)
  await running
  await adopting
  return plugin
}
