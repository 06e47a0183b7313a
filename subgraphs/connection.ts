import { TrellisError } from '../foundation/errors.ts'
import type { Cursors, Place, Position } from './cursors.ts'

export type PageArguments = { first: number; after?: string | null | undefined }

/** A list that can be read page by page. Every method is bound to one client already. */
export type PagedList<Node> = {
  /** Names the list a cursor belongs to; what the viewer may not see of it by another name must not be in it. */
  place: Place
  /** What orders the list, unique per node, e.g. `[createdAt, id]`: the values the next page begins after. */
  position(node: Node): Position
  /** At most `limit` nodes after the position (null: from the start), in the list's stable order. */
  read(after: Position | null, limit: number): Promise<Node[]>
  /** Asked only when the caller selects `totalCount`. */
  count(): Promise<number>
}

/** Cursors are written for those who select them: each is signed. */
export type Edge<Node> = { cursor(): string; node: Node }

export type Connection<Node> = {
  edges: Edge<Node>[]
  pageInfo: {
    hasNextPage: boolean
    hasPreviousPage: boolean
    startCursor(): string | null
    endCursor(): string | null
  }
  totalCount(): Promise<number>
}

const largestPage = 100

/**
 * One page of a list as a Relay connection.
 *
 * @throws {TrellisError} BAD_USER_INPUT unless `first` is 1..100; CURSOR_INVALID for a cursor of anything but this list
 */
export async function readConnection<Node>(
  cursors: Cursors,
  list: PagedList<Node>,
  { first, after }: PageArguments,
): Promise<Connection<Node>> {
  if (first < 1 || first > largestPage) {
    throw new TrellisError('BAD_USER_INPUT', `\`first\` is 1 to ${largestPage}.`)
  }
  const start = typeof after === 'string' ? cursors.read(list.place, after) : null
  const nodes = await list.read(start, first + 1)
  const edges = nodes
    .slice(0, first)
    .map((node) => ({ cursor: () => cursors.write(list.place, list.position(node)), node }))
  return {
    edges,
    pageInfo: {
      hasNextPage: nodes.length > first,
      hasPreviousPage: start !== null,
      startCursor: () => edges.at(0)?.cursor() ?? null,
      endCursor: () => edges.at(-1)?.cursor() ?? null,
    },
    totalCount: () => list.count(),
  }
}
