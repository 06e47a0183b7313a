import { parentPort } from 'node:worker_threads'
import { composeForClient } from '../composition/compose-for-client.ts'
import type {
  ComposeTask,
  PlannerBegun,
  PlannerReply,
  PlannerTask,
  PlanTask,
  ReadTask,
} from './planner-messages.ts'
import { readDocuments } from './read-documents.ts'
import { createTextPlanner, type TextPlanner } from './text-planner.ts'

/** Runs in a thread of its own; planner-thread.ts is its other side, and keeps account of what is held here. */
const planners = new Map<string, TextPlanner>()

parentPort?.on('message', (task: PlannerTask) => parentPort?.postMessage(perform(task)))

function perform(task: PlannerTask): PlannerReply {
  try {
    switch (task.kind) {
      case 'compose':
        return compose(task)
      case 'read':
        return read(task)
      case 'plan':
        return plan(task)
      default:
        return task satisfies never
    }
  } catch (error) {
    return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) }
  }
}

function compose({ sources, tags }: ComposeTask): PlannerReply {
  begin()
  return { kind: 'composed', composition: composeForClient(sources, tags) }
}

function read({ supergraphSdl, texts }: ReadTask): PlannerReply {
  begin()
  return { kind: 'read', readings: readDocuments(supergraphSdl, texts) }
}

function plan({ hash, supergraphSdl, origin, dropped, operation }: PlanTask): PlannerReply {
  for (const gone of dropped) planners.delete(gone)
  const planner = planners.get(hash) ?? createTextPlanner(supergraphSdl ?? '', origin)
  planners.set(hash, planner)
  if (!operation) return { kind: 'built', apiSdl: planner.apiSdl }
  begin()
  return { kind: 'planned', answer: planner.plan(operation.query, operation.operationName) }
}

function begin(): void {
  parentPort?.postMessage({ kind: 'begun' } satisfies PlannerBegun)
}
