import type { DemoSecrets } from './secrets.ts'

export type BannerOptions = {
  url: string
  seconds: number
  apart: boolean
  database: string
  dataDirectory: string
  services: Readonly<Record<string, string>>
  demo: DemoSecrets | null
}

/** What a person needs who has just started the platform. Its first line is the sign that it is ready. */
export function renderBanner({
  url,
  seconds,
  apart,
  database,
  dataDirectory,
  services,
  demo,
}: BannerOptions): string {
  const addresses = Object.entries(services).map(([name, address]) => `  ${name.padEnd(15)}${address}`)
  return [
    `Trellis is ready at ${url}/graphql (${seconds.toFixed(1)} s, ${apart ? 'each service in a process of its own' : 'all in one process'})`,
    '',
    `  ${'explorer'.padEnd(15)}${url}/`,
    ...addresses,
    `  ${'database'.padEnd(15)}${database}`,
    ...(demo ? renderDemo(url, dataDirectory, demo) : []),
    '',
    'Ctrl-C stops all of it.',
  ].join('\n')
}

function renderDemo(url: string, dataDirectory: string, demo: DemoSecrets): string[] {
  const clients = Object.entries(demo.clients).flatMap(([slug, keys]) => [
    '',
    `Demo client ${slug}`,
    `  publishable    ${keys.publishableKey}`,
    `  secret         ${keys.secretKey}`,
    `  partner        ${keys.partnerKey}`,
    `  deploy         ${keys.deployKey}`,
    ...keys.users.map(({ email, password, roles }) => `  ${email.padEnd(24)}${password}  ${roles.join(' ')}`),
  ])
  const secretKey = demo.clients.acme?.secretKey ?? ''
  return [
    ...clients,
    '',
    `Operator key     ${demo.operatorKey}`,
    `All of this is in ${dataDirectory}/demo.json, too.`,
    '',
    'A query:',
    `  curl -s ${url}/graphql -H 'content-type: application/json' -H 'x-api-key: ${secretKey}' \\`,
    `    -d '{"query":"{ users(first: 3) { edges { node { name loyaltyTier unreadCount } } } }"}'`,
    '',
    `A subscription, for the explorer with the key ${secretKey}:`,
    '  subscription { recordChanged(collection: "orders") { cursor record { data createdBy { name unreadCount } } } }',
    'and, in a second tab, what it waits for:',
    '  mutation { createRecord(collection: "orders", data: { total: 12, status: "open" }) { id } }',
  ]
}
