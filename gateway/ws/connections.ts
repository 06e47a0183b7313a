import type { Identity } from '../access/authenticate.ts'

/** One open socket whose caller is known. */
export type Connection = {
  identity: Identity
  /** Aborts when the socket is closed. */
  disconnected: AbortSignal
  traceparent: string | undefined
}

export type Connections = {
  /** `end` is called once, when the identity no longer holds. Returns what to call when the socket is closed. */
  add(identity: Identity, end: () => void): () => void
  /** Ends those whose key was revoked or whose client is gone. */
  recheck(): void
}

const longestTimerMs = 2 ** 31 - 1

/** Open sockets live no longer than the credentials they came in with. */
export function createConnections(holds: (identity: Identity) => boolean): Connections {
  const open = new Map<symbol, { identity: Identity; end: () => void }>()
  return {
    add(identity, end) {
      const id = Symbol('connection')
      open.set(id, { identity, end })
      const expiresInMs = (identity.expiresAt ?? Number.POSITIVE_INFINITY) - Date.now()
      const timer = setTimeout(end, Math.max(0, Math.min(expiresInMs, longestTimerMs)))
      timer.unref()
      return () => {
        clearTimeout(timer)
        open.delete(id)
      }
    },
    recheck() {
      for (const { identity, end } of open.values()) if (!holds(identity)) end()
    },
  }
}
