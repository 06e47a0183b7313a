import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { composeForClient } from '../../gateway/composition/compose-for-client.ts'
import type { StartOptions } from '../federation/process.ts'
import { feedSdl, peopleSdl } from './scenario.ts'

export type ServerUnderTest = {
  name: string
  /** Whether it has the data itself, and publishes when it is told to. */
  isLocal: boolean
  /** One turn of it with very many sockets takes minutes. */
  isSlow: boolean
  start(port: number): Omit<StartOptions, 'core'>
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const hiveCommand = here('../peers/node_modules/@graphql-hive/gateway/dist/bin.js')

/** Everyone at their defaults. */
export function listServers(supergraphFile: string): ServerUnderTest[] {
  const hive = (...flags: string[]): ServerUnderTest['start'] => {
    const config = ['--config-path', here('../peers/hive-subscriptions.config.js')]
    const where = (port: number) => ['--host', '127.0.0.1', '--port', `${port}`]
    return (port) => ({
      args: [hiveCommand, 'supergraph', supergraphFile, ...where(port), ...config, ...flags],
      cwd: here('../peers/'),
    })
  }
  return [
    {
      name: 'ours',
      isLocal: false,
      isSlow: false,
      start: (port) => ({
        args: [here('../../gateway/main.ts'), '--supergraph', supergraphFile],
        env: { PORT: `${port}`, LOG_LEVEL: 'error' },
      }),
    },
    {
      name: 'use-server',
      isLocal: true,
      isSlow: false,
      start: (port) => ({ args: [here('local-server.ts'), `${port}`] }),
    },
    { name: 'hive-js', isLocal: false, isSlow: true, start: hive() },
    { name: 'hive-rust', isLocal: false, isSlow: true, start: hive('--hive-router-runtime') },
  ]
}

/** Both subgraphs, each at its path of the one upstream server. */
export async function writeSupergraph(folder: string, upstreamPort: number): Promise<string> {
  const composition = composeForClient([
    { name: 'feed', sdl: feedSdl },
    { name: 'people', sdl: peopleSdl },
  ])
  if (!composition.ok) throw new Error(JSON.stringify(composition.errors))
  const file = join(folder, 'supergraph.graphql')
  const address = (_: string, name: string) => `"http://127.0.0.1:${upstreamPort}/${name}/graphql"`
  await writeFile(file, composition.supergraphSdl.replaceAll(/"subgraph:(\w+)"/g, address))
  return file
}
