import { fetchOutside } from '../../lambdas/local/fetch-outside.ts'
import { argumentFor, type Given } from '../../lambdas/local/lambda-argument.ts'
import { openLocalIsolates } from '../../lambdas/local/local-isolates.ts'
import { type GraphQuestion, type LocalWorld, powersIn } from '../../lambdas/local/local-world.ts'
import { createMemoryStore } from '../../lambdas/local/memory-store.ts'
import { type LocalPlugin, type LocalRun, openLocalPlugin } from '../../lambdas/local/open-local-plugin.ts'
import type { PluginFolder } from '../../lambdas/local/plugin-folder.ts'
import { CommandError } from '../command-error.ts'
import type { CommandResult } from '../command-result.ts'
import { showFault } from '../show-fault.ts'

export type InvokeOptions = {
  /** `User.loyaltyTier`, `rule:Mutation.createRecord`, `on:data.record.created` */
  lambda: string
  given: Given
  /** Asks the platform's graph. */
  graph: (question: GraphQuestion) => Promise<object>
  secrets: Readonly<Record<string, string>>
  /** Lets `ctx.fetch` through to the hosts of the plugin's `needs`. */
  allowFetch: boolean
}

/** Runs one lambda of the files at hand, in an isolate like the platform's; values are kept in memory, and events go nowhere. */
export async function invoke({ path, files }: PluginFolder, options: InvokeOptions): Promise<CommandResult> {
  const isolates = openLocalIsolates()
  try {
    const opened = await openLocalPlugin(files, isolates)
    if (!opened.ok) throw new CommandError(opened.errors.map((error) => showFault(error, path)).join('\n'))
    return await runIt(opened.plugin, options, path)
  } finally {
    await isolates.close()
  }
}

async function runIt(
  plugin: LocalPlugin,
  { lambda, given, graph, secrets, allowFetch }: InvokeOptions,
  path: string,
): Promise<CommandResult> {
  const { needs } = plugin.build
  const events: object[] = []
  const world: LocalWorld = {
    graph,
    kv: createMemoryStore(Date.now),
    secrets,
    emit: (event) => events.push(event),
    fetch: allowFetch ? fetchOutside(needs.egress) : refuseFetch,
    needs,
  }
  const argument = tell(() => argumentFor(plugin, lambda, given))
  const facts = { viewer: given.viewer, flags: [] }
  const { outcome, logs, cpuMs, wallMs } = await plugin.run({
    lambda,
    argument,
    facts,
    powers: powersIn(world),
  })
  const lines = [
    ...logs,
    ...events.map((event) => `emitted: ${JSON.stringify(event)}`),
    outcome.ok ? JSON.stringify(outcome.value, null, 2) : showFailure(outcome, path),
    `${lambda}: ${cpuMs.toFixed(1)} ms of CPU time, loading included; answered after ${wallMs.toFixed(1)} ms`,
  ]
  return { ok: outcome.ok, value: { lambda, outcome, logs, events, cpuMs, wallMs }, lines }
}

function showFailure({ code, message, place }: Extract<LocalRun['outcome'], { ok: false }>, path: string) {
  return place ? showFault({ code, message, ...place }, path) : `${code}  ${message}`
}

async function refuseFetch({ method, url }: { method: string; url: string }): Promise<never> {
  throw new Error(`${method} ${url} was not sent: --allow-fetch sends it.`)
}

function tell<Value>(work: () => Value): Value {
  try {
    return work()
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error), { cause: error })
  }
}
