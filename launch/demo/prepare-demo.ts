import { setTimeout as pause } from 'node:timers/promises'
import { CallError } from '../../foundation/call-graphql.ts'
import type { DemoClient, DemoSecrets } from '../secrets.ts'
import { StartError } from '../start-error.ts'
import { type DemoClientPlan, demoClients } from './demo-clients.ts'
import { deployDemoPlugin, readDemoPlugin } from './deploy-demo-plugin.ts'
import { seedDemoData } from './seed-demo-data.ts'

export type DemoOptions = {
  endpoint: string
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
 */
export async function prepareDemo(known: DemoSecrets, { endpoint, keep, say }: DemoOptions): Promise<void> {
  let demo = known
  if (!demo.seeded) {
    await Promise.all(clientsOf(demo).map(({ plan, keys }) => seed(endpoint, plan, keys)))
    demo = { ...demo, seeded: true }
    await keep(demo)
  }
  for (const { plan, keys } of clientsOf(demo)) {
    const plugin = await readDemoPlugin(plan.slug)
    if (!plugin || plugin.digest === demo.plugins[plan.slug]) continue
    const target = { slug: plan.slug, deployKey: keys.deployKey }
    const faults = await deployPatiently(() => deployDemoPlugin(endpoint, target, plugin))
    for (const fault of faults) say(`clients/${plan.slug} was not deployed: ${fault}`)
    if (faults.length > 0) continue
    demo = { ...demo, plugins: { ...demo.plugins, [plan.slug]: plugin.digest } }
    await keep(demo)
  }
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
