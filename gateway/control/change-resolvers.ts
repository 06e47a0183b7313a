import { TrellisError } from '../../foundation/errors.ts'
import type { PlatformDatabase } from '../registry/platform-database.ts'
import type { OperationContext } from '../supergraph/operation-context.ts'
import { type PageArguments, readCursor, writeCursor } from './connection.ts'
import { pageSize, toEdges } from './event-page.ts'
import { onlyOperators } from './only-operators.ts'

type Filter = {
  client?: string | null
  subject?: string | null
  actor?: string | null
  action?: string | null
}

const list = 'changes'

/** Who changed what of the registry, as long as the platform is there: the event log forgets, this does not. */
export function createChangeResolvers(db: PlatformDatabase) {
  return {
    Query: {
      async changes(
        _root: unknown,
        { first, after, ...filter }: PageArguments & Filter,
        context: OperationContext,
      ) {
        onlyOperators(context)
        const page = { size: pageSize(first), after: after ?? null }
        const where = whereOf(filter)
        const before = page.after === null ? {} : { revision: { lt: readRevision(page.after) } }
        const found = await db.registryChange.findMany({
          where: { ...where, ...before },
          orderBy: { revision: 'desc' },
          take: page.size + 1,
        })
        const edges = toEdges(found, page, (change) => ({
          cursor: writeCursor(list, String(change.revision)),
          node: { ...change, id: String(change.revision) },
        }))
        return { ...edges, totalCount: () => db.registryChange.count({ where }) }
      },
    },
  }
}

/** What is left out, or null, says nothing. */
function whereOf({ client, subject, actor, action }: Filter) {
  return {
    ...(client != null && { client }),
    ...(subject != null && { subject }),
    ...(actor != null && { actor }),
    ...(action != null && { action }),
  }
}

function readRevision(cursor: string): bigint {
  const key = readCursor(list, cursor)
  if (!/^\d{1,15}$/.test(key)) throw new TrellisError('CURSOR_INVALID', 'The cursor is not one of this list.')
  return BigInt(key)
}
