import type { GraphQLSchema } from 'graphql'
import type { DataRewrite } from '../planning/query-plan.ts'
import { isResponseObject, type ResponseObject, type ResponseValue } from './response-data.ts'
import { fitsTypeCondition } from './type-condition.ts'

const typeConditionPrefix = '... on '

/** Changes `object` as the planner asks: a value set before it is sent, a key renamed after it was received. */
export function applyRewrites(
  object: ResponseObject,
  rewrites: readonly DataRewrite[] | undefined,
  supergraph: GraphQLSchema,
): void {
  for (const rewrite of rewrites ?? []) {
    const key = rewrite.path.at(-1)
    if (key === undefined) continue
    for (const holder of objectsAt(object, rewrite.path.slice(0, -1), supergraph))
      rewriteKey(holder, key, rewrite)
  }
}

function rewriteKey(holder: ResponseObject, key: string, rewrite: DataRewrite): void {
  switch (rewrite.kind) {
    case 'ValueSetter':
      holder[key] = rewrite.setValueTo
      return
    case 'KeyRenamer':
      if (holder[key] === undefined) return
      holder[rewrite.renameKeyTo] = holder[key]
      delete holder[key]
      return
    default:
      rewrite satisfies never
  }
}

/** All objects that `path` leads to, through lists of any depth. An object that does not tell its type fits any. */
function objectsAt(
  value: ResponseValue | undefined,
  path: readonly string[],
  supergraph: GraphQLSchema,
): ResponseObject[] {
  if (Array.isArray(value)) return value.flatMap((element) => objectsAt(element, path, supergraph))
  if (!isResponseObject(value)) return []
  const [step, ...rest] = path
  if (step === undefined) return [value]
  if (!step.startsWith(typeConditionPrefix)) return objectsAt(value[step], rest, supergraph)
  const typename = value.__typename
  const fits =
    typeof typename !== 'string' ||
    fitsTypeCondition(supergraph, typename, step.slice(typeConditionPrefix.length))
  return fits ? objectsAt(value, rest, supergraph) : []
}

/** The path of an error, or a key, as it is after the renaming. List indexes in `path` are passed over. */
export function renamePath(
  path: readonly (string | number)[],
  rewrites: readonly DataRewrite[] | undefined,
): (string | number)[] {
  const renamed = [...path]
  const names = [...path.entries()].filter(([, step]) => typeof step === 'string')
  for (const rewrite of rewrites ?? []) {
    if (rewrite.kind !== 'KeyRenamer') continue
    const keys = rewrite.path.filter((step) => !step.startsWith(typeConditionPrefix))
    const last = names[keys.length - 1]
    if (last && keys.every((key, index) => names[index]?.[1] === key)) renamed[last[0]] = rewrite.renameKeyTo
  }
  return renamed
}
