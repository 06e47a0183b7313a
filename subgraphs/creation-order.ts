import type { Position } from './cursors.ts'

export type Created = { createdAt: Date; id: string }
export type CreationOrder = 'asc' | 'desc'

/** Position of a node in a list ordered by (createdAt, id). */
export function creationPosition({ createdAt, id }: Created): Position {
  return [createdAt.toISOString(), id]
}

/** Prisma's `where` for what comes after a position made by `creationPosition`; all of the list after null. */
export function afterCreation(position: Position | null, order: CreationOrder) {
  if (!position) return {}
  const createdAt = new Date(String(position[0]))
  const id = String(position[1])
  return order === 'asc'
    ? { OR: [{ createdAt: { gt: createdAt } }, { createdAt, id: { gt: id } }] }
    : { OR: [{ createdAt: { lt: createdAt } }, { createdAt, id: { lt: id } }] }
}
