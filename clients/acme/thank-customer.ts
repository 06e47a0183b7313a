import { gql, type HandlerContext, type PluginEvent } from '@trellis/sdk/plugin'
import type { Order } from './orders.ts'

const worthAWord = 1_000

const thankCustomer = gql`
  mutation ThankCustomer($input: NotifyInput!) { notify(input: $input) { id } }
`

/** Thanks whoever has made a large order, once, however often the event comes. Nobody has made what a key has. */
export async function thankForLargeOrder(
  event: PluginEvent<{ createdBy: string | null; data: Order }>,
  { asPlugin }: Pick<HandlerContext, 'asPlugin'>,
): Promise<void> {
  const { createdBy, data: order } = event.data
  if (createdBy === null || order.total < worthAWord) return
  await asPlugin.graphql(thankCustomer, {
    input: {
      userId: createdBy,
      topic: 'orders',
      title: 'Thank you for your order',
      body: `Your order over ${order.total} is on its way to our sales people, who will call you.`,
      data: { order: event.subject },
      idempotencyKey: event.id,
    },
  })
}
