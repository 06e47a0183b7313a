import { post } from '../support/graphql.ts'
import type { TestPlatform } from '../support/platform.ts'
import { releaseFiles, type Served } from './release.ts'
import type { Timeline } from './timeline.ts'

export type Swaps = {
  /** The next change of acme: a release, a module off, the module on, a release back. Answers how long it took, in milliseconds. */
  swapOnce(): Promise<number>
  /** What is served to a client, for comparing. */
  generationOf(client: string): Promise<string>
}

const deploy = `mutation ($files: [PluginFile!]!) {
  deployPlugin(client: "acme", files: $files) { number active errors { code message } }
}`
const switchModule = (how: 'enableModule' | 'disableModule') =>
  `mutation { ${how}(client: "acme", module: "notifications") { id } }`
const activate = 'mutation ($release: Int!) { activateRelease(client: "acme", release: $release) { id } }'

/** Numbers in the files are those of our releases; the platform counts its own from the demo's plugin on. */
export function createSwaps({ endpoint, demo }: TestPlatform, timeline: Timeline<Served>): Swaps {
  const operator = { 'x-api-key': demo.operatorKey }
  const deployer = { 'x-api-key': demo.clients.acme?.deployKey ?? '' }
  const numbers = new Map<number, number>()
  let deployed = 0
  let swaps = 0

  const ask = async (headers: Record<string, string>, query: string, variables = {}) => {
    const { data, errors } = await post(endpoint, headers, { query, variables })
    if (errors || !data) throw new Error(`A change was refused: ${JSON.stringify(errors)}`)
    return data
  }
  const release = (number: number) =>
    timeline.change({ ...timeline.current(), release: number }, async () => {
      const data = await ask(deployer, deploy, { files: releaseFiles(number) })
      const {
        number: theirs,
        active,
        errors,
      } = data.deployPlugin as {
        number: number
        active: boolean
        errors: unknown[]
      }
      if (!active) throw new Error(`Not deployed: ${JSON.stringify(errors)}`)
      numbers.set(number, theirs)
    })
  const goBackTo = (number: number) =>
    timeline.change({ ...timeline.current(), release: number }, async () => {
      await ask(deployer, activate, { release: numbers.get(number) })
    })
  const setModule = (hasNotifications: boolean) =>
    timeline.change({ ...timeline.current(), hasNotifications }, async () => {
      await ask(operator, switchModule(hasNotifications ? 'enableModule' : 'disableModule'))
    })

  return {
    async swapOnce() {
      const turn = swaps % 4
      swaps += 1
      if (turn === 1) return setModule(false)
      if (turn === 2) return setModule(true)
      if (turn === 3 && deployed > 1) return goBackTo(deployed - 1)
      deployed += 1
      return release(deployed)
    },
    async generationOf(client) {
      const query = `{ client(slug: "${client}") { generation { id number activatedAt } } }`
      return JSON.stringify((await ask(operator, query)).client)
    },
  }
}
