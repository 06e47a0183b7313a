import { createExecutor } from '../../gateway/execution/create-executor.ts'
import { executeEvent } from '../../gateway/execution/execute-event.ts'
import { executeOperation } from '../../gateway/execution/execute-operation.ts'
import type { CreateExecutors } from './answers.ts'

/** The plan as it is, node by node; and what the gateway makes of it. */
export const executors: CreateExecutors = (parts) => [
  {
    name: 'reference',
    execute: (operation, request) => executeOperation(operation, { ...parts, ...request }),
    async executeToJson(operation, request) {
      return JSON.stringify(await executeOperation(operation, { ...parts, ...request }))
    },
    executeEvent: (operation, response, request) =>
      executeEvent(operation, response, { ...parts, ...request }),
  },
  { name: 'gateway', ...createExecutor(parts) },
]
