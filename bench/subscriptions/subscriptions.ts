import { readFileSync } from 'node:fs'
import { type Bench, listOption, numberOption } from '../bench.ts'
import { installPeers, openFolder } from '../federation/set-up.ts'
import { measureCommitToClient } from './embedded.ts'
import { aimsOf, type Run, rowOf } from './figures.ts'
import { startUpstreams } from './parties.ts'
import { type Subscription, subscriptions } from './scenario.ts'
import { listServers, writeSupergraph } from './servers.ts'
import { takeTurn } from './turn.ts'

/**
 * One event to thousands of sockets: ours and Hive Gateway over the same two subgraphs, and graphql-ws' own server with
 * all data at hand. Each turn is a fresh server; servers take turns in every round. Last, how long it takes on the whole
 * platform from a commit to a subscriber.
 *
 * Options: `--rounds` (3), `--sockets 2000,10000`, `--cpu-ms` that the server uses up in a turn (600; half of that
 * before, to warm up), `--only` names of servers. Slow ones are measured once with more than 2,000 sockets.
 */
export const run: Bench = async (options) => {
  const rounds = numberOption(options, 'rounds', 3)
  const cpuMs = numberOption(options, 'cpu-ms', 600)
  const sizes = (listOption(options, 'sockets') ?? ['2000', '10000']).map(Number)
  const only = listOption(options, 'only')
  requireDescriptors(Math.max(...sizes))
  await installPeers()
  const folder = await openFolder()
  const upstreams = await startUpstreams()
  try {
    const servers = listServers(await writeSupergraph(folder.path, upstreams.port))
    const runs = sizes.flatMap((sockets) =>
      (Object.keys(subscriptions) as Subscription[]).flatMap((subscription) =>
        servers
          .filter(({ name }) => !only || only.includes(name))
          .map((server): Run => ({ server, subscription, sockets, measured: [] })),
      ),
    )
    for (let round = 1; round <= rounds; round++) {
      const due = runs.filter(({ server, sockets }) => round === 1 || !server.isSlow || sockets <= fewSockets)
      for (const each of due) {
        const measured = await takeTurn(each, upstreams, cpuMs)
        each.measured.push(measured)
        console.error(round, each.server.name, each.subscription, each.sockets, JSON.stringify(measured))
      }
    }
    console.error('from commit to client, on the whole platform')
    const commitToClient = await measureCommitToClient(rounds)
    return {
      rows: [...runs.map((each) => rowOf(each, runs)), ...commitToClient.rows],
      aims: [...aimsOf(runs), ...commitToClient.aims],
    }
  } finally {
    await upstreams.stop()
    await folder.close()
  }
}

const fewSockets = 2_000

/** Node takes what the hard limit allows. */
function requireDescriptors(sockets: number): void {
  const limit = /^Max open files +\d+ +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
  if (limit !== undefined && Number(limit) < sockets + 500)
    throw new Error(`${sockets} sockets need more open files than the limit, ${limit} (ulimit -Hn), allows.`)
}
