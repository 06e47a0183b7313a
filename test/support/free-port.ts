import { tryPort } from '../../launch/free-port.ts'

/** A port for a server that is started again at the same address: the system gives it to nobody else meanwhile. */
export async function findFreePort(): Promise<number> {
  const port = await tryPort('127.0.0.1', 0)
  if (typeof port !== 'number') throw port
  return port
}
