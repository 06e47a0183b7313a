import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Owner } from '../../prisma/owners.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'
import { findFreePort } from './free-port.ts'

export type CuttableDatabase = TestDatabase & {
  /** From now on nobody reaches it: what is open is torn down, and what is new refused. */
  cut(): Promise<void>
  /** From now on it takes whatever it is sent, connections too, and answers nothing; until it is cut. */
  hang(): void
  /** It is there again, as it was, at the same address. */
  mend(): Promise<void>
  /** Whatever happens to it, for the test itself to look. */
  directUrl: string
}

/** A database of its own behind a wire that can be cut: to those at this end the server is gone. */
export async function createCuttableDatabase(owner: Owner = 'platform'): Promise<CuttableDatabase> {
  const database = await createTestDatabase(owner)
  const target = new URL(database.url)
  const wire = { host: target.hostname, port: Number(target.port) }
  const sockets = new Set<Socket>()
  let hangs = false
  const server = createServer((near) => {
    if (hangs) {
      sockets.add(near)
      near.on('error', () => undefined)
      return
    }
    const far = connect(wire)
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.pipe(other)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
  })
  const port = await findFreePort()
  await listen(server, port)
  const cut = async () => {
    if (!server.listening) return
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of sockets) socket.destroy()
    await closed
    hangs = false
  }
  return {
    url: Object.assign(new URL(database.url), { hostname: '127.0.0.1', port: String(port) }).href,
    directUrl: database.url,
    cut,
    hang() {
      hangs = true
      for (const socket of sockets) socket.unpipe().resume()
    },
    async mend() {
      await listen(server, port)
    },
    async drop() {
      await cut()
      await database.drop()
    },
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
}
