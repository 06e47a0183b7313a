import type { Bus, ReplayHandler } from '../../../events/bus/bus.ts'
import type { Replay, ReplayRequest } from '../../../events/bus/replay/replay.ts'
import type { PlatformEvent } from '../../../events/catalogue/platform-event.ts'
import { eventually } from '../../support/eventually.ts'
import {
  type Broker,
  happened,
  interleaved,
  nameOf,
  numbered,
  ofSubject,
  proveConcurrently,
} from './bus-fixture.ts'

const minuteMs = 60_000
const beforeNow = (ms: number) => new Date(Date.now() - ms).toISOString()

const request = (more: Partial<ReplayRequest> = {}): ReplayRequest => ({
  client: 'acme',
  group: 'a',
  type: null,
  from: beforeNow(minuteMs),
  to: beforeNow(-minuteMs),
  requestedBy: 'key:operator',
  ...more,
})

/** Notes what it is told, in order. */
function noteReplays(handle?: (event: PlatformEvent) => Promise<void>) {
  const moments: string[] = []
  const events: PlatformEvent[] = []
  const handler: ReplayHandler = {
    async begin() {
      moments.push('begin')
    },
    async handle(event, _replay, signal) {
      await handle?.(event)
      if (signal.aborted) throw signal.reason
      events.push(event)
    },
    async end() {
      moments.push('end')
    },
    async abandon() {
      moments.push('abandon')
    },
  }
  return { moments, events, handler }
}

export function describeReplayContract(openBroker: () => Promise<Broker>): void {
  const prove = proveConcurrently(openBroker)

  const endOf = (bus: Bus, { id }: Replay) =>
    eventually('the end of the replay', async () => {
      const replay = await bus.operations.replay(id)
      return (replay?.status === 'DONE' || replay?.status === 'FAILED') && replay
    })

  prove(
    'a replay delivers what it covers, in order per subject, and live events go on beside it',
    async (fixture) => {
      const bus = await fixture.open()
      const notes = noteReplays()
      const live = await fixture.consumer(bus, 'a', { replay: notes.handler })
      const old = [
        ...interleaved(['s', 't'], 20),
        happened('other type', { type: 'test.thing.deleted' }),
        happened('other client', { client: 'globex' }),
        happened('too old', { time: beforeNow(5 * minuteMs) }),
      ]
      await bus.publish(old)
      await eventually('they were handled live', () => live.seen.length === 43)
      const started = await bus.operations.startReplay(request({ type: 'test.thing.changed' }))
      expect(started).toMatchObject({
        status: 'PREPARING',
        matched: 40,
        group: 'a',
        requestedBy: 'key:operator',
      })
      await bus.publish(interleaved(['live'], 5))
      const ended = await endOf(bus, started)
      expect(ended).toMatchObject({ status: 'DONE', matched: 40, delivered: 40, error: null })
      await eventually('the live ones', () => live.seen.length === 48)
      for (const subject of ['s', 't'])
        expect(ofSubject(notes.events, subject)).toEqual(numbered(subject, 20))
      expect(notes.events.length).toBe(40)
      expect(ofSubject(live.seen, 'live')).toEqual(numbered('live', 5))
      expect(notes.moments).toEqual(['begin', 'end'])
      expect((await bus.operations.groups()).map(({ name }) => name)).toEqual(['a'])
      const again = await bus.operations.startReplay(request())
      expect((await endOf(bus, again)).delivered).toBe(46)
    },
  )

  prove(
    'what dies in the middle of a replay is replaced, and the replay goes on where it was',
    async (fixture) => {
      const gate = Promise.withResolvers<void>()
      const stuck = noteReplays(async (event) => {
        if (nameOf(event) === 's-30') await gate.promise
      })
      const bus = await fixture.open()
      const first = await fixture.consumer(bus, 'a', { replay: stuck.handler })
      await bus.publish(interleaved(['s'], 60))
      const started = await bus.operations.startReplay(request())
      await eventually('half of it', () => stuck.events.length === 30)
      const closed = first.close()
      gate.resolve()
      await closed
      const rest = noteReplays()
      await fixture.consumer(await fixture.open(), 'a', { replay: rest.handler })
      expect(await endOf(bus, started)).toMatchObject({ status: 'DONE', delivered: 60 })
      expect(ofSubject([...stuck.events, ...rest.events], 's')).toEqual(numbered('s', 60))
      expect([...stuck.moments, ...rest.moments]).toEqual(['begin', 'end'])
    },
  )

  prove(
    'a worker’s process is killed in the middle of a replay: another one goes on where it was',
    async (fixture) => {
      const bus = await fixture.open()
      const worker = await fixture.process(10)
      const subjects = ['s', 't', 'u']
      await bus.publish(interleaved(subjects, 60))
      const started = await bus.operations.startReplay(request())
      const replayed = (subject: string) =>
        worker.said.filter((said) => said.replayed === subject).map(({ name }) => String(name))
      await eventually('half of it', () => subjects.every((subject) => replayed(subject).length >= 10))
      worker.kill('SIGKILL')
      await worker.exited
      const rest = noteReplays()
      await fixture.consumer(bus, 'a', { replay: rest.handler })
      expect(await endOf(bus, started)).toMatchObject({ status: 'DONE', matched: 180, delivered: 180 })
      expect(worker.said.filter((said) => 'replay' in said)).toEqual([{ replay: 'begin' }])
      expect(rest.moments).toEqual(['end'])
      for (const subject of subjects) {
        const [before, after] = [replayed(subject), ofSubject(rest.events, subject)]
        expect(before).toEqual(numbered(subject, before.length))
        // From the first that the killed one had not noted as done, which may be some that it did: none is left out.
        expect(after).toEqual(numbered(subject, 60).slice(60 - after.length))
        expect(before.length + after.length).toBeGreaterThanOrEqual(60)
        expect(after.length).toBeLessThan(60)
      }
    },
  )

  prove(
    'an event that cannot be handled fails the replay: the old projection stays, live events go on',
    async (fixture) => {
      const bus = await fixture.open()
      const notes = noteReplays(async (event) => {
        if (nameOf(event) === 's-3') throw new Error('no s-3')
      })
      const live = await fixture.consumer(bus, 'a', { replay: notes.handler })
      await bus.publish(interleaved(['s'], 5))
      const ended = await endOf(bus, await bus.operations.startReplay(request()))
      expect(ended).toMatchObject({ status: 'FAILED', error: 'no s-3', matched: 5 })
      expect(notes.moments).toEqual(['begin', 'abandon'])
      await bus.publish([happened('after')])
      await eventually('live goes on', () => live.names().includes('after'))
      expect(
        await bus.operations.deadLetters({ group: 'a', client: null }, { after: null, limit: 9 }),
      ).toEqual([])
    },
  )

  prove('what cannot be replayed is refused, and says why', async (fixture) => {
    const bus = await fixture.open()
    await fixture.consumer(bus, 'plain')
    const hold = Promise.withResolvers<void>()
    await fixture.consumer(bus, 'a', { replay: noteReplays(() => hold.promise).handler })
    await bus.publish([happened('one')])
    const refusal = (more: Partial<ReplayRequest>) =>
      bus.operations.startReplay(request(more)).then(
        () => 'none',
        (error) => error.code,
      )
    expect(await refusal({ group: 'nobody' })).toBe('NOT_FOUND')
    expect(await refusal({ group: 'plain' })).toBe('BAD_USER_INPUT')
    expect(await refusal({ from: beforeNow(0), to: beforeNow(minuteMs) })).toBe('BAD_USER_INPUT')
    expect(await refusal({ from: beforeNow(-minuteMs), to: beforeNow(-2 * minuteMs) })).toBe('BAD_USER_INPUT')
    const running = await bus.operations.startReplay(request())
    expect(await refusal({})).toBe('CONFLICT')
    expect(await refusal({ client: 'globex' })).toBe('none')
    hold.resolve()
    await endOf(bus, running)
    expect(await bus.operations.replay('nothing')).toBeNull()
  })

  prove(
    'what is kept can be read, both ways; what was taken away by retention is not made up',
    async (fixture) => {
      const bus = await fixture.open()
      const live = await fixture.consumer(bus, 'a', { replay: noteReplays().handler })
      const none = { client: null, type: null, subject: null }
      const start = await bus.operations.latest()
      await bus.publish([...interleaved(['s', 't'], 10), happened('x', { client: 'globex' })])
      const read = (page: { after: string | null; limit: number; newestFirst: boolean }, filter = {}) =>
        bus.operations.history({ ...none, ...filter }, page)
      const forward = await read({ after: start, limit: 100, newestFirst: false })
      expect(
        ofSubject(
          forward.map(({ event }) => event),
          's',
        ),
      ).toEqual(numbered('s', 10))
      expect(forward.length).toBe(21)
      const backward = await read({ after: null, limit: 100, newestFirst: true })
      expect(backward).toEqual([...forward].reverse())
      const second = await read({ after: forward[4]?.position ?? '', limit: 3, newestFirst: false })
      expect(second).toEqual(forward.slice(5, 8))
      expect((await read({ after: null, limit: 9, newestFirst: true }, { client: 'globex' })).length).toBe(1)
      expect(await bus.operations.count({ ...none, subject: 's' })).toBe(10)
      await expect(read({ after: 'forged', limit: 1, newestFirst: false })).rejects.toMatchObject({
        code: 'CURSOR_INVALID',
      })
      await eventually(
        'all handled',
        async () => live.seen.length === 21 && (await bus.operations.groups())[0]?.lag === 0,
      )
      const trimming = await fixture.open({ retention: { ageMs: 1, events: 1_000, hardFactor: 1e9 } })
      await eventually('it is gone', async () => (await trimming.operations.count(none)) === 0)
      await expect(read({ after: start, limit: 1, newestFirst: false })).rejects.toMatchObject({
        code: 'CURSOR_EXPIRED',
      })
      await expect(bus.operations.startReplay(request())).rejects.toMatchObject({ code: 'REPLAY_EXPIRED' })
    },
  )

  prove(
    'retention takes nothing away that a group has not handled, unless it is far beyond all limits',
    async (fixture) => {
      const bus = await fixture.open()
      const first = await fixture.consumer(bus, 'a')
      await first.close()
      await bus.publish(interleaved(['s', 't', 'u'], 20))
      const none = { client: null, type: null, subject: null }
      const keeping = await fixture.open({ retention: { ageMs: 1, events: 16, hardFactor: 1e9 } })
      await keeping.publish([happened('mark')])
      await eventually('its retention has run', () => keeping.operations.latest())
      expect(await bus.operations.count(none)).toBe(61)
      const { seen } = await fixture.consumer(bus, 'a')
      await eventually('they are all there', () => seen.length === 61)
      await bus.close()
      const later = await fixture.open()
      await later.publish(interleaved(['v'], 5))
      const hard = await fixture.open({ retention: { ageMs: 1, events: 16, hardFactor: 1 } })
      await eventually('beyond the hard limit', async () => (await hard.operations.count(none)) === 0)
    },
  )
}
