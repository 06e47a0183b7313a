import type { GraphQLSchema } from 'graphql'
import type { Place } from '../../foundation/find-in-files.ts'
import { silentLog } from '../../foundation/log.ts'
import type { PluginError, PluginFile } from '../../schema/plugin-build.ts'
import { type BuiltPlugin, buildPlugin } from '../host/build-plugin.ts'
import { placeIn } from '../host/bundle-places.ts'
import type { CallFacts } from '../host/call-facts.ts'
import { createAsk, type Powers } from '../host/ctx/create-ask.ts'
import { readEventTypes } from '../host/event-types.ts'
import { buildPluginSchema } from '../host/plugin-schema.ts'
import type { LocalIsolates } from './local-isolates.ts'

/** An author's own files, built and run as the platform would: the same check, the same isolates, the same limits. */
export type LocalPlugin = {
  build: BuiltPlugin
  /** Its own schema, federation included. */
  schema: GraphQLSchema
  /** Runs one lambda. What it throws, and every limit it meets, is in the run. */
  run(call: LocalCall): Promise<LocalRun>
}

export type LocalCall = {
  /** `User.loyaltyTier`, `rule:Mutation.createRecord`, `on:data.record.created` */
  lambda: string
  /** What it is given, besides `ctx`: the objects and arguments of a resolver, the call of a rule, an event. */
  argument: object
  facts: CallFacts
  /** What `ctx` can do. */
  powers: Powers
  /** What `Date` says within the plugin, milliseconds since 1970. @default the time it is */
  now?: number | undefined
}

export type LocalRun = {
  /** JSON: what it answered, or how it failed. */
  outcome: { ok: true; value: unknown } | { ok: false; code: string; message: string; place: Place | null }
  /** Its lines, `info: …`. */
  logs: string[]
  /** CPU time until its answer, milliseconds; where the isolate is new, loading included. */
  cpuMs: number
  /** From start to answer, milliseconds, waiting for `ctx` included. */
  wallMs: number
}

export type OpenedPlugin = { ok: true; plugin: LocalPlugin } | { ok: false; errors: PluginError[] }

/** Builds a plugin, to run in these isolates. */
export async function openLocalPlugin(
  files: readonly PluginFile[],
  isolates: LocalIsolates,
): Promise<OpenedPlugin> {
  const built = await build(files, isolates)
  return built.ok ? { ok: true, plugin: createLocalPlugin(built, isolates) } : built
}

async function build(files: readonly PluginFile[], isolates: LocalIsolates) {
  const eventTypes = await readEventTypes()
  const describe = (_digest: string, source: string) => isolates.describe(source)
  return buildPlugin(files, { eventTypes, describe })
}

function createLocalPlugin(build: BuiltPlugin, isolates: LocalIsolates): LocalPlugin {
  // What one keeps in its memory another of the same files knows nothing of.
  const name = crypto.randomUUID()
  return {
    build,
    schema: buildPluginSchema(build.sdl, build.functions),
    async run({ lambda, argument, facts, powers, now }) {
      const startedAt = performance.now()
      const { answer, logs, cpuMs } = await isolates.call({
        isolate: `${name}@${now ?? 'real'}`,
        source: now === undefined ? build.bundle : stoppedClock(now) + build.bundle,
        lambda,
        text: JSON.stringify({ calls: [{ lambda, ...argument }], ...facts }),
        ask: createAsk(powers, silentLog),
      })
      const wallMs = performance.now() - startedAt
      const outcome = 'code' in answer ? failed(answer, build.bundle) : readOutcome(answer.text, build.bundle)
      return { outcome, logs, cpuMs, wallMs }
    },
  }
}

/** The isolate's answer: a list with one outcome for each lambda, which is itself a list for a batch. */
function readOutcome(text: string, bundle: string): LocalRun['outcome'] {
  const [answer] = JSON.parse(text)
  if (Array.isArray(answer))
    return { ok: true, value: answer.map((one) => ('error' in one ? one : one.value)) }
  const { invalid, error, trace = '' } = answer
  if (invalid !== undefined) return failed({ code: 'LAMBDA_INVALID_RESULT', message: invalid, trace }, bundle)
  if (error !== undefined) return failed({ code: 'LAMBDA_FAILED', message: error, trace }, bundle)
  return { ok: true, value: answer.value }
}

function failed(
  { code, message, trace }: { code: string; message: string; trace: string },
  bundle: string,
): LocalRun['outcome'] {
  return { ok: false, code, message, place: placeIn(bundle, trace) }
}

/** Runs before the plugin, in its isolate and in its first line: a clock that stands still, so that a test can say what it says. */
function stoppedClock(now: number): string {
  const make = `constructor(...parts) { parts.length === 0 ? super(${now}) : super(...parts) }`
  return `{ const Real = Date; globalThis.Date = class Date extends Real { ${make} static now() { return ${now} } } } `
}
