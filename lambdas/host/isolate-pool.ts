import { hash } from 'node:crypto'
import type { Close } from '../../foundation/closing.ts'
import { type ErrorCode, TrellisError } from '../../foundation/errors.ts'
import type { Log } from '../../foundation/log.ts'
import type { IsolateProcessSettings } from '../isolates/process-settings.ts'
import {
  type Crossing,
  type IsolateProcess,
  type IsolateProcessOptions,
  openIsolateProcess,
  ProcessDied,
} from './isolate-process.ts'
import { createQuarantine, type QuarantineOptions } from './quarantine.ts'

export type IsolatePoolOptions = {
  log: Log
  /** Processes that clients share, each client always in the same one. */
  shared: number
  /** Processes of low priority for clients in quarantine. */
  apart: number
  process: Omit<IsolateProcessSettings, 'oneAtATime'>
  quarantine: QuarantineOptions
}

/** Where plugin code runs: some processes, so that what one client's code does to its own costs the others little. */
export type IsolatePool = {
  /**
   * Where the process dies, or another call of the same client ends the isolate, a repeatable one runs again: once, and once
   * more unless its client is in quarantine, for it may have been near to somebody else's fault twice.
   *
   * @throws {TrellisError} LAMBDA_…
   */
  call(crossing: Crossing, repeatable: boolean): Promise<string>
  /** Lets go of the isolate wherever it is, once its calls are over. */
  drop(isolate: string): void
  close: Close
}

export const defaultPool: Omit<IsolatePoolOptions, 'log'> = {
  shared: 2,
  apart: 2,
  process: { memoryMb: 512, perClient: 3, idleMs: 60_000, residentMb: 1_024 },
  quarantine: { trips: 3, withinMs: 10_000, firstMs: 60_000, longestMs: 3_600_000 },
}

/** A place for a process, which is started with the first call and again when it has ended. */
type Place = PlaceKind & { process: IsolateProcess | null }
type PlaceKind = {
  nice: number
  /** One turn at a time, whoever's: who ends such a process was alone in it. */
  oneAtATime: boolean
}

const lowPriority = 10
const attempts = 3
const attemptsInQuarantine = 2
/** For calls of others, beside a thread that is lost. */
const drainStuckMs = 2_000
/** Longer than an event handler may take. */
const drainMs = 35_000
const replacedAfterMs = 60_000
const emptyProcessMb = 100
const generousIsolateMb = 3
/** What costs those beside it processor time or memory. */
const harmful: ReadonlySet<ErrorCode> = new Set(['LAMBDA_CPU_EXCEEDED', 'LAMBDA_MEMORY_EXCEEDED'])

export function openIsolatePool(options: IsolatePoolOptions): IsolatePool {
  const { log } = options
  const quarantine = createQuarantine(options.quarantine)
  // Whose code ran when a process ended: for as long as a quarantine would last, it runs where it can be told apart.
  const suspicion = createQuarantine(options.quarantine)
  const shared = placesOf(options.shared, { nice: 0, oneAtATime: false })
  const trial = placesOf(1, { nice: 0, oneAtATime: true })
  const apart = placesOf(options.apart, { nice: lowPriority, oneAtATime: false })
  const living = new Set<IsolateProcess>()
  let isClosing = false

  function start(place: Place): IsolateProcess {
    const startedAt = performance.now()
    const events: Pick<IsolateProcessOptions, 'onStuck' | 'onMemory' | 'onEnd'> = {
      // The thread goes on for nobody; its process ends when the calls of the others in it are over.
      onStuck(client) {
        log.warn({ client }, 'code of this client holds a thread: its process is replaced')
        quarantine.enter(client)
        replace(drainStuckMs)
      },
      // The engine keeps the memory of isolates that are gone for new ones, longer than it is worth.
      onMemory({ residentMb, isolates }) {
        const isOld = performance.now() - startedAt > replacedAfterMs
        if (isOld && residentMb > emptyProcessMb + isolates * generousIsolateMb) replace(drainMs)
      },
      onEnd(clients) {
        const charge = place.oneAtATime ? quarantine : suspicion
        if (!isClosing) for (const client of clients) charge.enter(client)
        living.delete(started)
        if (place.process === started) place.process = null
      },
    }
    const { nice, oneAtATime } = place
    const settings = { ...options.process, oneAtATime }
    const started = openIsolateProcess({ settings, nice, log, ...events })
    const replace = (withinMs: number) => {
      started.retire(withinMs)
      if (place.process === started && !isClosing) start(place)
    }
    living.add(started)
    place.process = started
    return started
  }

  function processFor(client: string): IsolateProcess {
    const places = quarantine.holds(client) ? apart : suspicion.holds(client) ? trial : shared
    const place = places[placeOf(client, places.length)]
    if (!place) throw new Error('A pool of isolates has no processes.')
    return place.process ?? start(place)
  }

  async function attempt(crossing: Crossing): Promise<string> {
    if (isClosing) throw new TrellisError('LAMBDA_UNAVAILABLE', 'The lambda host is closing.')
    try {
      return await processFor(crossing.client).call(crossing)
    } catch (error) {
      if (error instanceof TrellisError && harmful.has(error.code)) quarantine.trip(crossing.client)
      throw error
    }
  }

  // A process takes a tenth of a second to start: the first call is not to wait for it.
  for (const place of shared) start(place)
  return {
    async call(crossing, repeatable) {
      for (let begun = 1; ; begun++) {
        try {
          return await attempt(crossing)
        } catch (error) {
          const most = quarantine.holds(crossing.client) ? attemptsInQuarantine : attempts
          if (!repeatable || !isLost(error) || begun >= most) return asUnavailable(error)
        }
      }
    },
    drop(isolate) {
      for (const process of living) process.drop(isolate)
    },
    async close() {
      isClosing = true
      await Promise.all([...living].map((process) => process.close()))
    },
  }
}

function placesOf(count: number, kind: PlaceKind): Place[] {
  return Array.from({ length: count }, () => ({ ...kind, process: null }))
}

/** Always the same one, so that an isolate is warm in one process only. */
function placeOf(client: string, places: number): number {
  return Number.parseInt(hash('sha1', client).slice(0, 8), 16) % places
}

/** Ended by no fault of its own: with its process, or with an isolate that another call broke. */
function isLost(error: unknown): boolean {
  return (
    error instanceof ProcessDied || (error instanceof TrellisError && error.code === 'LAMBDA_UNAVAILABLE')
  )
}

function asUnavailable(error: unknown): never {
  if (!(error instanceof ProcessDied)) throw error
  throw new TrellisError('LAMBDA_UNAVAILABLE', 'The process that ran the lambda has ended.')
}
