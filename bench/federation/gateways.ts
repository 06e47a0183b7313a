import { fileURLToPath } from 'node:url'
import type { StartOptions } from './process.ts'

export type GatewayUnderLoad = {
  name: string
  port: number
  /** Headers of its clients. */
  headers: Readonly<Record<string, string>>
  /** The path of its endpoint, per operation: only the floor knows what it is asked by that. */
  path(operation: string): string
  start: Omit<StartOptions, 'core'>
}

export type Places = {
  supergraphFile: string
  floorFile: string
  upstreamPort: number
  /** Where the keys are that `authorization` is signed with, a header of clients that authenticate. */
  jwksUrl: string
  authorization: string
  /** One free port for each gateway, in the order of the list. */
  port(index: number): number
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const hiveCommand = here('../peers/node_modules/@graphql-hive/gateway/dist/bin.js')
const hiveWithoutDeduplication = ['--config-path', here('../peers/hive-without-deduplication.config.js')]

const noHeaders: GatewayUnderLoad['headers'] = {}

/** Everyone at their defaults, but for what the name says. */
export function listGateways(places: Places): GatewayUnderLoad[] {
  const { supergraphFile, floorFile, upstreamPort } = places
  const graphql = () => '/graphql'
  const commands: Record<string, (port: number) => GatewayUnderLoad['start']> = {
    floor: (port) => ({ args: [here('gateways/floor.ts'), floorFile, `${port}`, `${upstreamPort}`] }),
    ours: (port) => ours(supergraphFile, port),
    'ours-dedup': (port) => ours(supergraphFile, port, { TRELLIS_DEDUPLICATION: 'on' }),
    'ours-authenticated': (port) => ours(supergraphFile, port, { TRELLIS_JWKS_URL: places.jwksUrl }),
    'stock-apollo': (port) => ({ args: [here('../peers/stock-apollo.ts'), supergraphFile, `${port}`] }),
    'hive-js': (port) => hive(supergraphFile, port),
    'hive-rust': (port) => hive(supergraphFile, port, '--hive-router-runtime'),
    'hive-rust-no-dedup': (port) =>
      hive(supergraphFile, port, '--hive-router-runtime', ...hiveWithoutDeduplication),
  }
  return Object.entries(commands).map(
    ([name, command], index): GatewayUnderLoad => ({
      name,
      port: places.port(index),
      headers: name.endsWith('-authenticated') ? { authorization: places.authorization } : noHeaders,
      path: name === 'floor' ? (operation) => `/${operation}` : graphql,
      start: command(places.port(index)),
    }),
  )
}

function ours(supergraphFile: string, port: number, env: Record<string, string> = {}) {
  return {
    args: [here('../../gateway/main.ts'), '--supergraph', supergraphFile],
    env: { PORT: `${port}`, LOG_LEVEL: 'error', ...env },
  }
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
