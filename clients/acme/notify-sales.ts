import { gql, type HandlerContext, type PluginEvent } from '@trellis/sdk/plugin'
import type { Order } from './orders.ts'

const worthTelling = 1_000

const salesPeople = gql`
  query SalesPeople { users(first: 100) { edges { node { id roles } } } }
`
const notifySales = gql`
  mutation NotifySales($input: NotifyInput!) { notify(input: $input) { id } }
`

type People = { users: { edges: { node: { id: string; roles: string[] | null } }[] } | null }

/** Tells everybody in sales (the editors) of a large order, each once, however often the event comes. */
export async function notifyOfLargeOrder(
  event: PluginEvent,
  { customer = 'Somebody', total }: Order,
  { asPlugin }: Pick<HandlerContext, 'asPlugin'>,
): Promise<void> {
  if (total < worthTelling) return
  const { users } = await asPlugin.graphql<People>(salesPeople)
  for (const { node } of users?.edges ?? []) {
    if (!node.roles?.includes('EDITOR')) continue
    await asPlugin.graphql(notifySales, {
      input: {
        userId: node.id,
        topic: 'orders',
        title: `${customer} has ordered for ${total}`,
        body: 'Time to say thank you.',
        data: { order: event.subject },
        idempotencyKey: `${event.id}:${node.id}`,
      },
    })
  }
}
