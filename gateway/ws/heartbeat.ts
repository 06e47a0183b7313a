import { WebSocket } from 'ws'

/** Sockets are pinged in so many parts, one after the other, rather than all at once. */
const parts = 10

type Pulse = { part: number; isAwaited: boolean }

/**
 * Pings every socket and cuts those that did not answer the ping before: one timer for all of them.
 *
 * @returns how to stop
 */
export function startHeartbeat(sockets: ReadonlySet<WebSocket>, everyMs: number): () => void {
  const pulses = new WeakMap<WebSocket, Pulse>()
  let seen = 0
  let turn = 0
  const pulseOf = (socket: WebSocket): Pulse => {
    const known = pulses.get(socket)
    if (known) return known
    seen += 1
    const pulse = { part: seen % parts, isAwaited: false }
    socket.on('pong', () => {
      pulse.isAwaited = false
    })
    pulses.set(socket, pulse)
    return pulse
  }
  const timer = setInterval(() => {
    turn = (turn + 1) % parts
    for (const socket of sockets) {
      const pulse = pulseOf(socket)
      if (pulse.part !== turn || socket.readyState === WebSocket.CONNECTING) continue
      if (pulse.isAwaited) socket.terminate()
      pulse.isAwaited = true
      if (socket.readyState === WebSocket.OPEN) socket.ping()
    }
  }, everyMs / parts)
  timer.unref()
  return () => clearInterval(timer)
}
