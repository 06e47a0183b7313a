import { openSocket, tryPost } from '../support/graphql.ts'

export type Watched = {
  endpoint: string
  /** Of whoever writes and listens. */
  headers: Readonly<Record<string, string>>
  collection: string
  /** A record that is valid in the collection and carries the number. */
  recordOf(number: number): Record<string, unknown>
  numberOf(record: Record<string, unknown>): number
  /** Fields of `createdBy` that are asked for with each event. */
  person: string
}

type Change = { recordChanged: { cursor: string; record: { data: Record<string, unknown> } } }

export type Writer = { written(): number; stop(): Promise<string[]> }

/** Records one after the other, numbered: what subscribers have to see. */
export function startWriter({ endpoint, headers, collection, recordOf }: Watched): Writer {
  const query = `mutation ($data: JSON!) { createRecord(collection: "${collection}", data: $data) { id } }`
  const faults: string[] = []
  let written = 0
  let phase: 'running' | 'stopped' = 'running'
  const write = async () => {
    while (phase === 'running') {
      const answer = await tryPost(endpoint, headers, { query, variables: { data: recordOf(written + 1) } })
      if (answer.errors) faults.push(`write: ${JSON.stringify(answer.errors)}`)
      else written += 1
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  const writing = write()
  return {
    written: () => written,
    async stop() {
      phase = 'stopped'
      await writing
      return faults
    },
  }
}

export type Listener = {
  /** Begun, and seen up to this number. */
  seen(): number
  /** Of `wanted` numbers, what is wrong with what was seen. */
  verdict(): string[]
  close(): Promise<void>
}

/** A live subscription, which nobody may end: every number once and in order, from the first that it sees. */
export function startListener(
  { endpoint, headers, collection, numberOf, person }: Watched,
  name: string,
): Listener {
  const socket = openSocket(endpoint, headers)
  const query = `subscription { recordChanged(collection: "${collection}") { cursor record { data createdBy { ${person} } } } }`
  const faults: string[] = []
  let seen = 0
  let phase: 'listening' | 'closed' = 'listening'
  const listen = async () => {
    for await (const { data, errors } of socket.iterate<Change>({ query })) {
      if (errors || !data)
        faults.push(`${name}: an event with errors: ${JSON.stringify(errors).slice(0, 300)}`)
      if (!data) continue
      const number = numberOf(data.recordChanged.record.data)
      if (Number.isNaN(number)) continue
      if (seen > 0 && number !== seen + 1) faults.push(`${name}: ${number} after ${seen}`)
      seen = number
    }
    if (phase === 'listening') faults.push(`${name}: it was completed`)
  }
  const listening = listen().catch((error) => {
    if (phase === 'listening') faults.push(`${name}: it was ended: ${JSON.stringify(error)}`)
  })
  return {
    seen: () => seen,
    verdict: () => faults,
    async close() {
      phase = 'closed'
      await socket.dispose()
      await listening
    },
  }
}

export type ShortListener = { endings(): number; verdict(): string[]; close(): Promise<void> }

/** Subscribes, again and again, with a field that is not always there: ended with the reason, and never with another. */
export function startShortListener(
  { endpoint, headers, collection }: Watched,
  person: string,
): ShortListener {
  const query = `subscription { recordChanged(collection: "${collection}") { record { id createdBy { ${person} } } } }`
  const socket = openSocket(endpoint, headers)
  const faults: string[] = []
  let endings = 0
  let phase: 'listening' | 'closed' = 'listening'
  const listen = async () => {
    while (phase === 'listening') {
      const reason = await follow()
      if (reason === 'SUBSCRIPTION_INVALIDATED') endings += 1
      else if (reason !== 'GRAPHQL_VALIDATION_FAILED' && phase === 'listening')
        faults.push(`short-lived: ${reason}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const follow = async (): Promise<string> => {
    try {
      for await (const { errors } of socket.iterate({ query })) if (errors) return codeOf(errors)
      return 'completed'
    } catch (error) {
      return codeOf(error)
    }
  }
  const listening = listen()
  return {
    endings: () => endings,
    verdict: () => faults,
    async close() {
      phase = 'closed'
      await socket.dispose()
      await listening
    },
  }
}

function codeOf(errors: unknown): string {
  const [first] = Array.isArray(errors) ? errors : []
  return first?.extensions?.code ?? JSON.stringify(errors)
}
