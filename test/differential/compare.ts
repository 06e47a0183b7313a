import { isDeepStrictEqual } from 'node:util'
import type { ExecutionResult, GraphQLFormattedError } from 'graphql'
import type { Answers } from './answers.ts'

type Path = readonly (string | number)[]

/**
 * In what two answers differ; null where they are the same: data and the order of its keys, what mutations did and in
 * which order, and the errors by path and location, as often as they come.
 *
 * Where several errors make for one null further up, the specification reports "only one error" or more of them, as
 * the implementation happens to meet them (GraphQL October 2021, 6.4.4): below such a null any one error will do.
 */
export function difference(expected: Answers, actual: Answers): string | null {
  if (!isDeepStrictEqual(expected.log, actual.log)) return `mutations: ${actual.log.join(', ')}`
  if (expected.results.length !== actual.results.length) return `${actual.results.length} answers`
  for (const [index, result] of expected.results.entries()) {
    const found = differenceOf(result, actual.results[index] ?? {})
    if (found) return found
  }
  return null
}

function differenceOf(expected: ExecutionResult, actual: ExecutionResult): string | null {
  if (JSON.stringify(expected.data) !== JSON.stringify(actual.data)) {
    return isDeepStrictEqual(expected.data, actual.data) ? 'order of keys' : 'data'
  }
  if (errorsOf(expected).length > 0 !== errorsOf(actual).length > 0) return 'errors or none'
  const [whole, ours] = [places(expected), places(actual)]
  return isDeepStrictEqual(whole, ours) ? null : 'errors'
}

function errorsOf({ errors }: ExecutionResult): readonly GraphQLFormattedError[] {
  return errors ? JSON.parse(JSON.stringify(errors)) : []
}

/** Each error with its path and locations; of those below a null that came up, the null's path alone and once. */
function places(result: ExecutionResult): string[] {
  const found = errorsOf(result).map(({ path = [], locations }) => {
    const nulled = pathOfNull(result.data, path)
    return nulled.length === path.length
      ? JSON.stringify({ path, locations })
      : `below ${JSON.stringify(nulled)}`
  })
  const [own, below] = [
    found.filter((one) => !one.startsWith('below')),
    found.filter((one) => one.startsWith('below')),
  ]
  return [...own, ...new Set(below)].sort()
}

/** As much of the path as leads to the null; all of it where it leads to none. */
function pathOfNull(data: unknown, path: Path): Path {
  let value = data
  for (const [depth, step] of path.entries()) {
    if (value === null || value === undefined) return path.slice(0, depth)
    value =
      typeof value === 'object' ? Object.entries(value).find(([key]) => key === String(step))?.[1] : undefined
  }
  return path
}

/** In what two executors differ: nothing may, down to messages and codes; only errors may come in another order. */
export function executorDifference(expected: Answers, actual: Answers): string | null {
  const normal = ({ results, log }: Answers) =>
    JSON.stringify([
      log,
      results.map(({ data, errors }) => [data, errors?.map((error) => JSON.stringify(error)).sort()]),
    ])
  return normal(expected) === normal(actual) ? null : 'the executors differ'
}

/**
 * In what an answer is wrong that was given while a subgraph was down: it may have a null wherever the whole has data,
 * if an error says why at the null or below it. Nothing else may differ, and no error may be about anything but a null.
 */
export function partialDifference(whole: ExecutionResult, partial: ExecutionResult): string | null {
  const errors = errorsOf(partial)
  const isExplained = (path: Path) =>
    errors.some((error) => path.every((step, depth) => error.path?.[depth] === step))
  const stray = errors.find(({ path = [] }) => valueAt(partial.data, pathOfNull(partial.data, path)) !== null)
  if (stray) return `an error without a null: ${JSON.stringify(stray)}`
  return unexplained(whole.data, partial.data, { path: [], isExplained })
}

type Explaining = { path: Path; isExplained(path: Path): boolean }

function unexplained(whole: unknown, partial: unknown, { path, isExplained }: Explaining): string | null {
  const place = JSON.stringify(path)
  if (partial === null && whole !== null)
    return isExplained(path) ? null : `a null without an error at ${place}`
  if (typeof whole !== 'object' || typeof partial !== 'object' || whole === null || partial === null) {
    return whole === partial ? null : `other data at ${place}`
  }
  if (JSON.stringify(Object.keys(whole)) !== JSON.stringify(Object.keys(partial)))
    return `other keys at ${place}`
  const values = Object.values(whole)
  for (const [index, [key, value]] of Object.entries(partial).entries()) {
    const step = Array.isArray(partial) ? index : key
    const found = unexplained(values[index], value, { path: [...path, step], isExplained })
    if (found) return found
  }
  return null
}

function valueAt(data: unknown, path: Path): unknown {
  let value = data
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = Object.entries(value).find(([key]) => key === String(step))?.[1]
  }
  return value
}
