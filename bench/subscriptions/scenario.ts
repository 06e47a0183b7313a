/** A feed whose messages name their authors, whom another subgraph knows. */
const federation =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])\n'

export const feedSdl = `${federation}
  type Query { latest: Message }
  type Subscription { posted(after: String): Message }
  type Message { cursor: String! n: Int! at: Float! room: String! text: String! signature: String! author: Person! }
  type Person @key(fields: "id", resolvable: false) { id: ID! }`

export const peopleSdl = `${federation}
  type Query { person(id: ID!): Person }
  type Person @key(fields: "id") { id: ID! name: String! title: String! city: String! }`

/** The same without subgraphs, for a server that has all the data itself. */
export const localSdl = `
  type Query { latest: Message }
  type Subscription { posted(after: String): Message }
  type Message { cursor: String! n: Int! at: Float! room: String! text: String! signature: String! author: Person! }
  type Person { id: ID! name: String! title: String! city: String! }`

/** Both make a message of about 414 bytes. The second asks for nothing that the feed does not have itself. */
export const subscriptions = {
  entities: 'subscription { posted { n at room text author { id name title city } } }',
  plain: 'subscription { posted { n at room text signature } }',
} as const

export type Subscription = keyof typeof subscriptions

const text = 'The second shift has taken over at the north gate; both cranes are back in service. '.repeat(2)
const signature =
  'signed on behalf of the harbour office by those on duty, and entered into the log at the same hour!'

export type Message = {
  cursor: string
  n: number
  /** When it was published, in milliseconds of the clock that all processes of the machine share. */
  at: number
  room: string
  text: string
  signature: string
  author: { id: string }
}

export function messageOf(n: number): Message {
  return { cursor: String(n), n, at: now(), room: 'harbour', text, signature, author: { id: `p${n % 100}` } }
}

export function personOf(id: string) {
  return { id, name: `Person with the number ${id}`, title: 'Head of the night shift', city: 'Rotterdam' }
}

/** Milliseconds of the machine's monotonic clock. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
