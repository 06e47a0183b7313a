import { openSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { findFreePort } from '../support/free-port.ts'
import { type Server, spawnLogged, startServer } from './server.ts'

/** A Redis that keeps every write it has answered (`appendfsync always`), at the same address after each start. */
export async function startRedisServer(folder: string): Promise<Server & { url: string }> {
  const directory = join(folder, 'redis')
  await mkdir(directory)
  const port = await findFreePort()
  const output = openSync(join(folder, 'redis.log'), 'a')
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', '']
  const server = await startServer({
    name: 'redis',
    start: () =>
      spawnLogged('redis-server', [...args, '--appendonly', 'yes', '--appendfsync', 'always'], { output }),
    isReady: () => answersPing(port),
  })
  return { ...server, url: `redis://127.0.0.1:${port}` }
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write('PING\r\n'))
    socket.setTimeout(1_000, () => socket.destroy())
    socket.once('data', (data) => {
      resolve(data.toString().startsWith('+PONG'))
      socket.destroy()
    })
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}
