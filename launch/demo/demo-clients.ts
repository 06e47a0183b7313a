/** What the demo clients are and have. Everything random about them (keys, passwords) is made per data directory. */
export type DemoClientPlan = {
  slug: string
  name: string
  users: readonly { email: string; name: string; roles: readonly string[] }[]
  collections: readonly { name: string; access: string; schema: object; records: readonly object[] }[]
  notifications: readonly { topic: string; title: string; body: string }[]
  /** What its plugin may do in its own name, and which hosts it may call. */
  grants: { scopes: readonly string[]; egress: readonly string[] }
}

/** The modules switched on for a demo client. */
export const demoModules = ['users', 'data', 'analytics', 'notifications'] as const

/** For trying things out, all there are. */
const everyScope = [
  'records:read',
  'records:write',
  'users:read',
  'notify',
  'analytics:read',
  'analytics:write',
]

/** What a demo partner key may see: the records that everybody reads, and what the plugin tags for partners. */
export const partnerTags = ['records', 'partner']

export const demoClients: readonly DemoClientPlan[] = [
  {
    slug: 'acme',
    name: 'Acme Corporation',
    users: [
      { email: 'admin@acme.example', name: 'Ada Admin', roles: ['MEMBER', 'ADMIN'] },
      { email: 'editor@acme.example', name: 'Eddie Editor', roles: ['MEMBER', 'EDITOR'] },
      { email: 'member@acme.example', name: 'Mia Member', roles: ['MEMBER'] },
    ],
    collections: [
      {
        name: 'orders',
        access: 'OWN',
        schema: {
          $schema: 'https://json-schema.org/draft/2020-12/schema',
          type: 'object',
          properties: {
            customer: { type: 'string' },
            total: { type: 'number', minimum: 0 },
            status: { enum: ['open', 'paid', 'shipped'] },
          },
          required: ['total', 'status'],
          additionalProperties: false,
        },
        records: [
          { customer: 'Road Runner Ltd.', total: 1_250, status: 'paid' },
          { customer: 'Coyote & Sons', total: 89.9, status: 'open' },
          { total: 40, status: 'shipped' },
        ],
      },
    ],
    notifications: [
      { topic: 'orders', title: 'Your order is paid', body: 'Order over 1,250 has been paid.' },
    ],
    grants: { scopes: everyScope, egress: [] },
  },
  {
    slug: 'globex',
    name: 'Globex Corporation',
    users: [
      { email: 'admin@globex.example', name: 'Gus Admin', roles: ['MEMBER', 'ADMIN'] },
      { email: 'editor@globex.example', name: 'Greta Editor', roles: ['MEMBER', 'EDITOR'] },
      { email: 'member@globex.example', name: 'Mo Member', roles: ['MEMBER'] },
    ],
    collections: [
      {
        name: 'articles',
        access: 'READ',
        schema: {
          $schema: 'https://json-schema.org/draft/2020-12/schema',
          type: 'object',
          properties: {
            title: { type: 'string', minLength: 1 },
            body: { type: 'string' },
            published: { type: 'boolean' },
          },
          required: ['title', 'body'],
          additionalProperties: false,
        },
        records: [
          { title: 'Welcome to Globex', body: 'The first article of the globe.', published: true },
          { title: 'A draft', body: 'Not ready for the world.', published: false },
        ],
      },
    ],
    notifications: [{ topic: 'articles', title: 'Welcome', body: 'Your first article is online.' }],
    grants: { scopes: everyScope, egress: ['hooks.newsroom.example'] },
  },
]
