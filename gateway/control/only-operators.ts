import { TrellisError } from '../../foundation/errors.ts'
import type { OperatorViewer } from '../../foundation/viewer.ts'
import type { OperationContext } from '../supergraph/operation-context.ts'

/** @throws {TrellisError} FORBIDDEN */
export function onlyOperators({ viewer }: OperationContext): OperatorViewer {
  if (viewer?.kind !== 'OPERATOR') throw new TrellisError('FORBIDDEN', 'This is for operators.')
  return viewer
}
