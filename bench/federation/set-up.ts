import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { composeForClient } from '../../gateway/composition/compose-for-client.ts'
import type { RecordedCall } from './canned-upstreams.ts'
import { type Started, startNode } from './process.ts'
import { subgraphSdl } from './scenario.ts'

export const gatewayCore = 0
/** Load and upstreams. */
export const otherCore = 1

const peersFolder = fileURLToPath(new URL('../peers', import.meta.url))

/** The gateways we are compared with, installed on first use. */
export async function installPeers(): Promise<void> {
  if (existsSync(join(peersFolder, 'node_modules'))) return
  console.error('Installing the peers into bench/peers/node_modules …')
  await promisify(execFile)('npm', ['ci', '--prefix', peersFolder, '--no-audit', '--no-fund'])
}

export type Upstreams = {
  port: number
  /** What was called since this was last asked. */
  takeCalls(): Promise<{ total: number; calls: RecordedCall[] }>
  /** While held, every answer waits a little, and calls are written down. */
  hold(isHeld: boolean): Promise<void>
  /** A JWKS, at `/jwks.json`. */
  serveKeys(keys: string): Promise<void>
  stop: Started['stop']
}

export async function startUpstreams(): Promise<Upstreams> {
  const file = fileURLToPath(new URL('canned-upstreams.ts', import.meta.url))
  const { child, stop } = startNode({ args: [file], core: otherCore })
  const { port } = await new Promise<{ port: number }>((resolve) => child.once('message', resolve))
  const control = `http://127.0.0.1:${port}`
  return {
    port,
    takeCalls: async () =>
      (await (await fetch(`${control}/calls`)).json()) as Awaited<ReturnType<Upstreams['takeCalls']>>,
    async hold(isHeld) {
      await fetch(`${control}/hold`, { method: 'POST', body: isHeld ? 'on' : '' })
    },
    async serveKeys(keys) {
      await fetch(`${control}/jwks`, { method: 'POST', body: keys })
    },
    stop,
  }
}

/** A folder of this run; the closer removes it. */
export async function openFolder(): Promise<{ path: string; close(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'trellis-bench-'))
  return { path, close: () => rm(path, { recursive: true }) }
}

/** The scenario's supergraph, every subgraph at its path of the one upstream server. */
export async function writeSupergraph(folder: string, upstreamPort: number): Promise<string> {
  const sources = Object.entries(subgraphSdl).map(([name, sdl]) => ({ name, sdl }))
  const composition = composeForClient(sources)
  if (!composition.ok) throw new Error(JSON.stringify(composition.errors))
  const file = join(folder, 'supergraph.graphql')
  const sdl = composition.supergraphSdl.replaceAll(
    /"subgraph:(\w+)"/g,
    (_, name) => `"http://127.0.0.1:${upstreamPort}/${name}/graphql"`,
  )
  await writeFile(file, sdl)
  return file
}

export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  return Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen(0, '127.0.0.1', () => {
            const address = server.address()
            server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
          })
        }),
    ),
  )
}

/** Asks until the gateway answers the operation with what it should. */
export async function untilItAnswers(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
) {
  const deadline = Date.now() + 60_000
  for (;;) {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
      })
      const text = await response.text()
      if (response.ok) return text
      if (Date.now() > deadline) throw new Error(`${url} answers ${response.status}: ${text.slice(0, 500)}`)
    } catch (error) {
      if (Date.now() > deadline) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
