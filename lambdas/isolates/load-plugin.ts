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
  const context = await isolate.createContext()
  const ends = [
    new ivm.Reference(ask),
    new ivm.Callback(log, { ignored: true }),
    limits.hostCalls,
    limits.logChars,
  ]
  const inside: ivm.Reference = await context.evalClosure(prelude, ends, { result: { reference: true } })
  const script = await isolate.compileScript(source, { filename: 'plugin.js' })
  await script.run(context)
  const bundled = await context.global.get('__plugin', { reference: true })
  const end = (name: string): Promise<ivm.Reference> => inside.get(name, { reference: true })
  await (await end('adopt')).apply(undefined, [bundled.derefInto()])
  return { describe: await end('describe'), invoke: await end('invoke'), rest: await end('rest') }
}
