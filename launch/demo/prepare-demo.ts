import { setTimeout as pause } from 'node:timers/promises'
import { CallError, callGraphQL } from '../../foundation/call-graphql.ts'
import type { DemoClient, DemoSecrets } from '../secrets.ts'
import { StartError } from '../start-error.ts'
import { type DemoClientPlan, demoClients } from './demo-clients.ts'
import { deployDemoPlugin, faultsOf, readDemoPlugin } from './demo-plugins.ts'
import { seedDemoData } from './seed-demo-data.ts'

export type DemoOptions = {
  endpoint: string
  /** Has a folder with a plugin for each client that has one. */
  pluginFolder: string
  /** Makes what was done so far durable. */
  keep: (demo: DemoSecrets) => Promise<void>
  /** Prints a line for people. */
  say: (line: string) => void
}

const lambdaHostJoinsWithinMs = 20_000

/**
 * Fills the running platform with the demo data, once per data directory, and deploys the demo plugins that have
 * changed since. What was done is noted only when it is done. A plugin that is refused is reported; its last release
 * goes on being served.
 *
 * @returns what is known of the demo now
 */
export async function prepareDemo(
  known: DemoSecrets,
  { endpoint, pluginFolder, keep, say }: DemoOptions,
): Promise<DemoSecrets> {
  let demo = known
  if (!demo.seeded) {
    await Promise.all(clientsOf(demo).map(({ plan, keys }) => seed(endpoint, plan, keys)))
    for (const { plan } of clientsOf(demo)) await grant(endpoint, plan, demo.operatorKey)
    demo = { ...demo, seeded: true }
    await keep(demo)
  }
  for (const { plan, keys } of clientsOf(demo)) {
    const client = plan.slug
    const plugin = await readDemoPlugin(pluginFolder, client)
    if (!plugin || plugin.digest === demo.plugins[client]) continue
    const options = { endpoint, client, deployKey: keys.deployKey, message: 'npm start' }
    const faults = await deployPatiently(async () =>
      faultsOf(await deployDemoPlugin(plugin, options), plugin),
    )
    for (const fault of faults) say(fault)
    if (faults.length > 0) {
      say(`${client}: refused; its last release, if there is one, goes on running`)
      continue
    }
    demo = { ...demo, plugins: { ...demo.plugins, [client]: plugin.digest } }
    await keep(demo)
  }
  return demo
}

/** A database that has demo users already, with passwords that another data directory knows, is not ours to fill. */
async function seed(endpoint: string, plan: DemoClientPlan, keys: DemoClient): Promise<void> {
  try {
    await seedDemoData(endpoint, plan, keys)
  } catch (error) {
    if (!(error instanceof CallError)) throw error
    throw new StartError(`The demo data of ${plan.slug} cannot be written: ${error.message}`)
  }
}

async function grant(endpoint: string, { slug, grants }: DemoClientPlan, operatorKey: string): Promise<void> {
  await callGraphQL(endpoint, {
    document: `mutation ($client: String!, $scopes: [String!]!, $egress: [String!]!) {
      grantPlugin(client: $client, scopes: $scopes, egress: $egress) { slug }
    }`,
    variables: { client: slug, ...grants },
    credentials: { apiKey: operatorKey },
  })
}

function clientsOf(demo: DemoSecrets) {
  return demoClients.flatMap((plan) => {
    const keys = demo.clients[plan.slug]
    return keys ? [{ plan, keys }] : []
  })
}

/** The lambda host joins by itself, and may do so later than the modules. */
async function deployPatiently(deploy: () => Promise<string[]>): Promise<string[]> {
  const deadline = Date.now() + lambdaHostJoinsWithinMs
  for (;;) {
    try {
      return await deploy()
    } catch (error) {
      if (!(error instanceof CallError)) throw error
      const isAway = error.codes.includes('SUBGRAPH_UNAVAILABLE')
      if (!isAway || Date.now() > deadline) return [error.message]
      await pause(50)
    }
  }
}
