import { parentPort } from 'node:worker_threads'
import type { PlannerBegun, PlannerReply, PlannerTask } from './planner-messages.ts'
import { createTextPlanner, type TextPlanner } from './text-planner.ts'

/** Runs in a thread of its own; planner-thread.ts is its other side, and keeps account of what is held here. */
const planners = new Map<string, TextPlanner>()

parentPort?.on('message', (task: PlannerTask) => parentPort?.postMessage(perform(task)))

function perform({ hash, supergraphSdl, dropped, operation }: PlannerTask): PlannerReply {
  for (const gone of dropped) planners.delete(gone)
  try {
    const planner = planners.get(hash) ?? createTextPlanner(supergraphSdl ?? '')
    planners.set(hash, planner)
    if (!operation) return { kind: 'built', apiSdl: planner.apiSdl }
    parentPort?.postMessage({ kind: 'begun' } satisfies PlannerBegun)
    return { kind: 'planned', answer: planner.plan(operation.query, operation.operationName) }
  } catch (error) {
    return { kind: 'not-a-supergraph', reason: error instanceof Error ? error.message : String(error) }
  }
}
