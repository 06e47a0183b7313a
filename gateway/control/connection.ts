import { TrellisError } from '../../foundation/errors.ts'

export type PageArguments = { first?: number | null; after?: string | null }

/** `list` names what the cursor belongs to; a cursor of another list is refused. */
export type Page<Node> = {
  list: string
  /** All nodes, or those from `offset` on. */
  nodes: readonly Node[]
  keyOf(node: Node): string
}

const cursorPattern = /^[\w-]+$/

/** A Relay connection over a list that is in memory as a whole, ordered and keyed by `keyOf`. */
export function toConnection<Node>({ list, nodes, keyOf }: Page<Node>, { first, after }: PageArguments) {
  const size = first ?? 20
  if (size < 1 || size > 100) throw new TrellisError('BAD_USER_INPUT', '`first` is 1 to 100.')
  const start = after ? indexAfter(nodes.map(keyOf), readCursor(list, after)) : 0
  const edges = nodes
    .slice(start, start + size)
    .map((node) => ({ cursor: writeCursor(list, keyOf(node)), node }))
  return {
    edges,
    totalCount: nodes.length,
    pageInfo: {
      hasNextPage: start + size < nodes.length,
      hasPreviousPage: start > 0,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  }
}

function indexAfter(keys: readonly string[], key: string): number {
  const index = keys.indexOf(key)
  if (index < 0) throw cursorInvalid()
  return index + 1
}

export function writeCursor(list: string, key: string): string {
  return Buffer.from(JSON.stringify([list, key])).toString('base64url')
}

/**
 * No secret is in it, and none is reached by it: a forged one can only name what the list has anyway.
 *
 * @throws {TrellisError} CURSOR_INVALID
 */
export function readCursor(list: string, cursor: string): string {
  if (!cursorPattern.test(cursor)) throw cursorInvalid()
  const text = Buffer.from(cursor, 'base64url').toString()
  const key = /^\["([^"]*)","([^"]*)"\]$/.exec(text)
  if (key?.[1] !== list || key[2] === undefined) throw cursorInvalid()
  return key[2]
}

function cursorInvalid(): TrellisError {
  return new TrellisError('CURSOR_INVALID', 'The cursor is not one of this list.')
}
