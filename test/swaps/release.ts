/** What one client's graph is at a time. */
export type Served = { release: number; hasNotifications: boolean }

/**
 * A release of which every answer tells its number: as the value of a field that all of them have, and of one that only
 * every second has. `parityOf` says which.
 */
export function releaseFiles(number: number): { path: string; content: string }[] {
  const content = `import { definePlugin, gql } from '@trellis/sdk/plugin'
export default definePlugin({
  typeDefs: gql\`
    type User @key(fields: "id") { id: ID!  release: Int  ${parityOf(number)}Release: Int }
    type Query { release: Int  ${parityOf(number)}: Int }
  \`,
  resolvers: {
    Query: { release: () => ${number}, ${parityOf(number)}: () => ${number} },
    User: { release: (users) => users.map(() => ${number}), ${parityOf(number)}Release: (users) => users.map(() => ${number}) },
  },
})
`
  return [{ path: 'plugin.ts', content }]
}

export function parityOf(number: number): 'odd' | 'even' {
  return number % 2 === 0 ? 'even' : 'odd'
}
