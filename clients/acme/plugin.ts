import { definePlugin, gql, type PluginEvent } from '@trellis/sdk/plugin'
import { countOrder, lastDays } from './order-days.ts'
import { checkOrder } from './order-rules.ts'
import { type Order, totalsByCustomer } from './orders.ts'
import { thankForLargeOrder } from './thank-customer.ts'

type OrderEvent = PluginEvent<{ collection: string; createdBy: string | null; data: Order }>
type Tier = 'BRONZE' | 'SILVER' | 'GOLD'

function tierOf(total: number): Tier {
  if (total >= 10_000) return 'GOLD'
  return total >= 1_000 ? 'SILVER' : 'BRONZE'
}

/** Loyalty and orders: what a customer has ordered decides the tier; what an order may be, and who hears of it. */
export default definePlugin({
  typeDefs: gql`
    "How much somebody has ordered: silver from 1,000, gold from 10,000."
    enum LoyaltyTier { BRONZE SILVER GOLD }

    type User @key(fields: "id") {
      id: ID!
      "Computed from this user's orders, as far as you may see them."
      loyaltyTier: LoyaltyTier
    }

    type Query {
      "Who has ordered most, first the greatest; among the orders you may see."
      bestCustomers(first: Int = 10): [User!]
      "What was ordered on the last days on which there were orders, the newest first. For editors, and for partners."
      orderDays(first: Int = 7): [OrderDay!] @tag(name: "partner")
    }

    "What was ordered on one day, UTC."
    type OrderDay {
      "2026-01-31"
      day: String! @tag(name: "partner")
      orders: Int! @tag(name: "partner")
      "Not for partners: who ships needs to know how many, and not how much."
      total: Float!
    }
  `,
  resolvers: {
    Query: {
      bestCustomers: async (_root, { first }: { first: number }, ctx) => {
        const ranked = [...(await totalsByCustomer({}, ctx))].sort(([, one], [, other]) => other - one)
        return ranked.slice(0, Math.max(0, first)).map(([id]) => ({ id }))
      },
      orderDays: (_root, { first }: { first: number }, ctx) => {
        // What is in ctx.kv nobody else guards. What a partner sees of it, the tags say.
        const { kind, roles = [] } = ctx.viewer
        const isTrusted = kind === 'SERVER' || kind === 'PARTNER'
        if (!isTrusted && !roles.includes('EDITOR') && !roles.includes('ADMIN'))
          throw new Error('What was ordered in all is for editors.')
        return lastDays(first, ctx)
      },
    },
    User: {
      loyaltyTier: async (users: readonly { id: string }[], _args, ctx) => {
        const byCustomer = await totalsByCustomer({ createdBy: { in: users.map((user) => user.id) } }, ctx)
        return users.map((user) => tierOf(byCustomer.get(user.id) ?? 0))
      },
    },
  },
  rules: {
    'Mutation.createRecord': checkOrder,
  },
  on: {
    'data.record.created': async (event: OrderEvent, ctx) => {
      const { collection, data: order } = event.data
      if (collection !== 'orders') return
      await countOrder(event, order.total, ctx)
      await thankForLargeOrder(event, ctx)
    },
  },
  needs: { scopes: ['notify'] },
})
