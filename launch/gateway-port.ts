import { setTimeout as pause } from 'node:timers/promises'
import { tryPort } from './free-port.ts'
import { StartError } from './start-error.ts'

const endingWithinMs = 8_000

export type GatewayPortOptions = {
  host: string
  /** 0: any. */
  port: number
  /** Services of a killed launcher may still be ending: then a taken port is waited for. */
  patient: boolean
}

/** Looks before anything is started, so that a taken port costs nobody a wait. @throws {StartError} */
export async function findGatewayPort({ host, port, patient }: GatewayPortOptions): Promise<number> {
  const deadline = Date.now() + (patient ? endingWithinMs : 0)
  for (;;) {
    const found = await tryPort(host, port)
    if (typeof found === 'number') return found
    if (found.code !== 'EADDRINUSE' || Date.now() >= deadline)
      throw new StartError(faultOf(found, host, port))
    await pause(50)
  }
}

function faultOf(error: NodeJS.ErrnoException, host: string, port: number): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `Port ${port} of ${host} is taken by another program: stop it, or set PORT to another one.`
    case 'EACCES':
      return `Port ${port} of ${host} is for root only: set PORT to one above 1023.`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `HOST is ${host}, which is no address of this machine.`
    default:
      return `Nothing can listen on port ${port} of ${host}: ${error.message}.`
  }
}
