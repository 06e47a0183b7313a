import { fileURLToPath } from 'node:url'
import type { StartOptions } from './process.ts'

export type GatewayUnderLoad = {
  name: string
  port: number
  /** Headers of its clients. */
  headers?: Readonly<Record<string, string>>
  /** The path of its endpoint, per operation: only the floor knows what it is asked by that. */
  path(operation: string): string
  start: Omit<StartOptions, 'core'>
}

export type Places = {
  supergraphFile: string
  floorFile: string
  upstreamPort: number
  /** One free port for each gateway, in the order of the list. */
  port(index: number): number
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const hiveCommand = here('../peers/node_modules/@graphql-hive/gateway/dist/bin.js')
const hiveWithoutDeduplication = ['--config-path', here('../peers/hive-without-deduplication.config.js')]

/** Everyone at their defaults, but for what the name says. */
export function listGateways(places: Places): GatewayUnderLoad[] {
  const { supergraphFile, floorFile, upstreamPort } = places
  const graphql = () => '/graphql'
  const commands: Record<string, (port: number) => GatewayUnderLoad['start']> = {
    floor: (port) => ({ args: [here('gateways/floor.ts'), floorFile, `${port}`, `${upstreamPort}`] }),
    ours: (port) => ({ args: [here('gateways/ours.ts'), supergraphFile, `${port}`] }),
    'stock-apollo': (port) => ({ args: [here('../peers/stock-apollo.ts'), supergraphFile, `${port}`] }),
    'hive-js': (port) => hive(supergraphFile, port),
    'hive-rust': (port) => hive(supergraphFile, port, '--hive-router-runtime'),
    'hive-rust-no-dedup': (port) =>
      hive(supergraphFile, port, '--hive-router-runtime', ...hiveWithoutDeduplication),
  }
  return Object.entries(commands).map(([name, command], index) => ({
    name,
    port: places.port(index),
    path: name === 'floor' ? (operation) => `/${operation}` : graphql,
    start: command(places.port(index)),
  }))
}

function hive(supergraphFile: string, port: number, ...flags: string[]): GatewayUnderLoad['start'] {
  const args = [
    hiveCommand,
    'supergraph',
    supergraphFile,
    '--host',
    '127.0.0.1',
    '--port',
    `${port}`,
    ...flags,
  ]
  return { args, cwd: here('../peers/') }
}
