import type { Rejection, RuleCall, RuleContext, RuleViewer } from '@trellis/sdk/plugin'

type CreateRecord = { collection: string; data: unknown }

const largestOrder = 10_000

/**
 * Orders come from many places: they are brought into one form before they are checked and stored, and one that is
 * unusually large is entered by an administrator or not at all.
 */
export function checkOrder(
  { args, viewer }: RuleCall<CreateRecord>,
  ctx: RuleContext,
): CreateRecord | Rejection {
  if (args.collection !== 'orders' || !isObject(args.data)) return args
  const order = normalised(args.data)
  if (typeof order.total === 'number' && order.total > largestOrder && !isAdministrator(viewer))
    return ctx.reject('ORDER_TOO_LARGE', 'Orders above 10,000 need an administrator.')
  return { ...args, data: order }
}

/** No stray spaces, whole cents, open unless somebody says otherwise. What is of another type the collection's schema refuses. */
function normalised({ customer, total, status = 'open', ...rest }: Record<string, unknown>) {
  return {
    ...rest,
    ...(customer !== undefined && { customer: typeof customer === 'string' ? oneLine(customer) : customer }),
    ...(total !== undefined && { total: typeof total === 'number' ? Math.round(total * 100) / 100 : total }),
    status,
  }
}

function oneLine(text: string): string {
  return text.trim().replace(/\s+/g, ' ')
}

function isAdministrator({ kind, roles = [] }: RuleViewer): boolean {
  return kind === 'SERVER' || roles.includes('ADMIN')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
