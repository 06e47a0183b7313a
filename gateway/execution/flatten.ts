import type { FlattenNode } from '../planning/query-plan.ts'
import { isResponseObject, type ResponseObject, type ResponseValue } from './response-data.ts'

/** The objects that `path` leads to from each of `objects`; `@` stands for every element of a list. */
export function flatten(objects: readonly ResponseObject[], path: FlattenNode['path']): ResponseObject[] {
  let values: (ResponseValue | undefined)[] = [...objects]
  for (const step of path) {
    values = values.flatMap((value) => {
      if (step === '@') return Array.isArray(value) ? value : []
      return isResponseObject(value) ? [value[step]] : []
    })
  }
  return values.filter(isResponseObject)
}
