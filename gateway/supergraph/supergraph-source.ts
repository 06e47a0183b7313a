import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { request } from 'undici'
import type { Close } from '../../foundation/closing.ts'
import type { Log } from '../../foundation/log.ts'

export type SupergraphSource = {
  /** The supergraph's SDL as it was read last. */
  current(): string
  close: Close
}

export type SupergraphSourceOptions = {
  /** A file's path, or an `http(s)` URL. */
  location: string
  /** Sent to the URL, where it wants a credential. */
  headers: Readonly<Record<string, string>>
  pollMs: number
  /** Called when what is there has changed, valid or not; awaited before it is looked at again. */
  onChange(): Promise<void>
  log: Log
}

/** Null: nothing has changed since the last read. */
type Read = (signal: AbortSignal) => Promise<string | null>

const readTimeoutMs = 10_000
const settlesWithinMs = 50
const largestBytes = 64 * 1024 * 1024

/**
 * Reads a supergraph and follows it. Files are polled as well: no file system tells of every way in which they are
 * replaced (rename, mounted configuration, network). A read that fails is logged once and tried again; what was read
 * before stays.
 *
 * @throws when the first read fails
 */
export async function openSupergraphSource(options: SupergraphSourceOptions): Promise<SupergraphSource> {
  const { location, onChange, pollMs, log } = options
  const read = /^https?:\/\//.test(location) ? createUrlRead(options) : createFileRead(location)
  const closing = new AbortController()
  let current = await readFirst(read, location)
  let isFailing = false

  const look = async () => {
    try {
      const text = await read(AbortSignal.any([closing.signal, AbortSignal.timeout(readTimeoutMs)]))
      isFailing = false
      if (text === null || text === current) return
      current = text
      await onChange()
    } catch (error) {
      if (closing.signal.aborted) return
      if (!isFailing) log.error({ err: error, location }, 'the supergraph cannot be read; what runs goes on')
      isFailing = true
    }
  }
  const follow = async () => {
    while (!closing.signal.aborted) {
      await delay(pollMs, undefined, { signal: closing.signal }).catch(() => undefined)
      if (!closing.signal.aborted) await look()
    }
  }
  const following = follow()
  return {
    current: () => current,
    async close() {
      closing.abort()
      await following
    },
  }
}

async function readFirst(read: Read, location: string): Promise<string> {
  try {
    return (await read(AbortSignal.timeout(readTimeoutMs))) ?? ''
  } catch (error) {
    throw new Error(`The supergraph ${location} cannot be read: ${String(error)}`, { cause: error })
  }
}

/** A file that is written in place is empty or half of itself for a moment: it is read until it stands still. */
function createFileRead(path: string): Read {
  let settled: string | undefined
  const readNow = (signal: AbortSignal) => readFile(path, { encoding: 'utf8', signal })
  return async (signal) => {
    let text = await readNow(signal)
    while (text !== settled) {
      const seen = text
      await delay(settlesWithinMs, undefined, { signal })
      text = await readNow(signal)
      if (text === seen) settled = text
    }
    return text
  }
}

function createUrlRead({ location, headers }: SupergraphSourceOptions): Read {
  let etag: string | undefined
  return async (signal) => {
    const response = await request(location, {
      headers: { accept: '*/*', ...headers, ...(etag === undefined ? {} : { 'if-none-match': etag }) },
      signal,
    })
    if (response.statusCode === 304) {
      await response.body.dump()
      return null
    }
    const text = await readText(response.body)
    if (response.statusCode !== 200) throw new Error(`It is answered with status ${response.statusCode}.`)
    const { etag: given } = response.headers
    etag = typeof given === 'string' ? given : undefined
    return text
  }
}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > largestBytes) throw new Error(`It is larger than ${largestBytes} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
