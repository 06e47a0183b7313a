import { setFlagsFromString } from 'node:v8'

/**
 * Keeps what an operation allocates in the young generation, where it is thrown away for next to nothing. Left to
 * itself the engine notices, after a burst in which much survives, which lines of code the survivors come from, and from
 * then on puts everything from there into the old generation at once. In a server that is the data of single requests:
 * dead there a moment later, and keeping alive all young data it refers to (docs/adr/0108). To be called at the start.
 */
export function keepRequestsYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring')
}
