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

/**
 * What every adapter of the bus keeps. It asks for nothing that Kafka and RabbitMQ lack: no order between subjects, no
 * look-up of a message, no exact counts.
 */
export function describeBusContract(openBroker: () => Promise<Broker>): void {
  const prove = proveConcurrently(openBroker)

  const subjects = numbered('subject', 24)

  prove(
    'every group gets every event, whole, each subject in order; repeating an event does no harm',
    async (fixture) => {
      const bus = await fixture.open()
      const [a, b] = [await fixture.consumer(bus, 'a'), await fixture.consumer(bus, 'b')]
      const events = interleaved(subjects, 10)
      await bus.publish(events.slice(0, 100))
      await bus.publish(events.slice(50, 150))
      await bus.publish([...events.slice(140), ...events.slice(230)])
      await bus.publish([])
      await eventually('both have all', () => a.seen.length >= 240 && b.seen.length >= 240)
      for (const { seen, deliveries } of [a, b]) {
        expect(deliveries()).toBe(240)
        for (const subject of subjects) expect(ofSubject(seen, subject)).toEqual(numbered(subject, 10))
      }
      expect(new Map(a.seen.map((event) => [event.id, event]))).toEqual(
        new Map(events.map((event) => [event.id, event])),
      )
    },
  )

  prove(
    'publishers side by side: nothing is passed over, and what each publishes stays in order',
    async (fixture) => {
      const { seen } = await fixture.consumer(await fixture.open(), 'a')
      await Promise.all(
        ['p', 'q', 'r'].map(async (subject) => {
          const bus = await fixture.open()
          for (const name of numbered(subject, 40)) await bus.publish([happened(name, { subject })])
        }),
      )
      await eventually('all', () => seen.length >= 120)
      for (const subject of ['p', 'q', 'r']) expect(ofSubject(seen, subject)).toEqual(numbered(subject, 40))
    },
  )

  prove(
    'a new group begins with what is published after it was made, or with the oldest kept; then where it was',
    async (fixture) => {
      const bus = await fixture.open()
      await bus.publish(interleaved(['old'], 5))
      const first = await fixture.consumer(bus, 'a')
      const whole = await fixture.consumer(bus, 'b', { from: 'beginning' })
      await bus.publish([happened('new')])
      await eventually('the new one', () => first.seen.length === 1 && whole.seen.length === 6)
      expect(ofSubject(whole.seen, 'old')).toEqual(numbered('old', 5))
      await first.close()
      await first.close()
      await bus.publish([happened('while away')])
      const second = await fixture.consumer(await fixture.open(), 'a')
      await eventually('the missed one', () => second.seen.length === 1)
      expect([...first.names(), ...second.names()]).toEqual(['new', 'while away'])
    },
  )

  prove('an event that fails holds up its own subject, and no other', async (fixture) => {
    const bus = await fixture.open({ retryDelaysMs: [100, 200, 60_000] })
    const attempts = new Map<string, number>()
    const { seen } = await fixture.consumer(bus, 'a', {
      async handle(event) {
        const attempt = (attempts.get(nameOf(event)) ?? 0) + 1
        attempts.set(nameOf(event), attempt)
        if (event.subject === 'stuck' || (nameOf(event) === 'flaky-1' && attempt < 3)) throw new Error('no')
      },
    })
    await bus.publish([...interleaved(['stuck', 'flaky'], 3), ...interleaved(subjects, 100)])
    await eventually('all but the stuck', () => seen.length >= 2403)
    expect(ofSubject(seen, 'flaky')).toEqual(numbered('flaky', 3))
    for (const subject of subjects) expect(ofSubject(seen, subject)).toEqual(numbered(subject, 100))
    expect([attempts.get('flaky-1'), attempts.get('stuck-1')]).toEqual([3, undefined])
  })

  prove('subjects are handled side by side, no more of them than is allowed', async (fixture) => {
    const bus = await fixture.open()
    let inHand = 0
    let most = 0
    const bothInHand = Promise.withResolvers<void>()
    const { seen } = await fixture.consumer(bus, 'a', {
      concurrency: 2,
      async handle() {
        inHand += 1
        most = Math.max(most, inHand)
        if (inHand === 2) bothInHand.resolve()
        await bothInHand.promise
        inHand -= 1
      },
    })
    await bus.publish(interleaved(subjects, 2))
    await eventually('all', () => seen.length >= 48)
    expect(most).toBe(2)
  })

  prove('what a slow consumer has not handled stays in the broker', async (fixture) => {
    const bus = await fixture.open()
    const gate = Promise.withResolvers<void>()
    const { seen } = await fixture.consumer(bus, 'a', { handle: () => gate.promise, concurrency: 1 })
    const other = await fixture.consumer(bus, 'b')
    for (let round = 0; round < 8; round++) await bus.publish(interleaved(subjects, 25))
    await eventually('another group has all', () => other.seen.length >= 4800, 20_000)
    const [a] = await bus.operations.groups()
    expect(a?.lag).toBeGreaterThan(2_000)
    gate.resolve()
    await eventually('all', () => seen.length >= 4800, 20_000)
    await eventually('no lag', async () => (await bus.operations.groups())[0]?.lag === 0)
  })

  prove(
    'what never succeeds becomes a dead letter; its subject goes on; redelivered, it comes before what is newer',
    async (fixture) => {
      const bus = await fixture.open()
      let broken = true
      const { seen } = await fixture.consumer(bus, 'a', {
        async handle(event) {
          if (broken && /^bad-[01]$/.test(nameOf(event))) throw new Error(`no ${nameOf(event)}\0`)
        },
      })
      const bad = interleaved(['bad'], 3)
      await bus.publish([...bad, happened('foreign', { client: 'globex', data: { name: 'bad-0' } })])
      await eventually('the dead', async () => (await bus.operations.groups())[0]?.deadLetters === 3)
      await eventually('the third', () => seen.length === 1)
      const filter = { group: 'a', client: 'acme' }
      const letters = await bus.operations.deadLetters(filter, { after: null, limit: 10 })
      expect(letters.map(({ event, attempts, redelivering }) => ({ event, attempts, redelivering }))).toEqual(
        bad.slice(0, 2).map((event) => ({ event, attempts: 3, redelivering: false })),
      )
      expect(letters[0]?.error).toContain('no bad-0')
      const rest = await bus.operations.deadLetters(filter, { after: letters[0]?.key ?? null, limit: 10 })
      expect(rest).toEqual(letters.slice(1))
      expect(await bus.operations.redeliver({ group: 'b', client: null }, null)).toBe(0)
      broken = false
      expect(await bus.operations.redeliver(filter, null)).toBe(2)
      await eventually('both', () => seen.length === 3)
      expect(ofSubject(seen, 'bad')).toEqual(['bad-2', 'bad-0', 'bad-1'])
      await eventually('they are gone', async () => {
        return (await bus.operations.deadLetters(filter, { after: null, limit: 10 })).length === 0
      })
      expect(await bus.operations.redeliver({ group: 'a', client: null }, [bad[0]?.id ?? ''])).toBe(0)
      expect(await bus.operations.redeliver({ group: 'a', client: null }, null)).toBe(1)
      await eventually('the other client’s', () => seen.length === 4)
    },
  )

  prove(
    'a dead letter that fails again is one again, and what waits for redelivery survives its consumer',
    async (fixture) => {
      const bus = await fixture.open()
      const failing = async () => {
        throw new Error('no')
      }
      const first = await fixture.consumer(bus, 'a', { handle: failing })
      const dead = async () =>
        (await bus.operations.deadLetters({ group: 'a', client: null }, { after: null, limit: 10 }))[0]
      await bus.publish([happened('bad')])
      const { failedAt } = await eventually('it is dead', dead)
      await bus.operations.redeliver({ group: 'a', client: null }, null)
      await eventually('it is dead again', async () => {
        const letter = await dead()
        return letter && letter.failedAt !== failedAt && !letter.redelivering
      })
      await first.close()
      await bus.operations.redeliver({ group: 'a', client: null }, null)
      const second = await fixture.consumer(await fixture.open(), 'a')
      await eventually('it is handled', () => second.seen.length === 1)
    },
  )

  prove(
    'instances of a group share the work, and one that leaves hands over what it has not done',
    async (fixture) => {
      const one = await fixture.consumer(await fixture.open(), 'a')
      const bus = await fixture.open()
      const two = await fixture.consumer(bus, 'a')
      await eventually('both have work', async () => {
        await bus.publish(interleaved(subjects, 1))
        return one.seen.length > 0 && two.seen.length > 0 && (await bus.operations.groups())[0]?.members === 2
      })
      await eventually('nothing in hand', async () => (await bus.operations.groups())[0]?.lag === 0)
      const before = [one.seen.length, two.seen.length]
      const events = interleaved(subjects, 20)
      await bus.publish(events.slice(0, 240))
      await one.close()
      await bus.publish(events.slice(240))
      const seen = () => [...one.seen.slice(before[0]), ...two.seen.slice(before[1])]
      await eventually('all', () => seen().length >= 480)
      for (const subject of subjects) expect(ofSubject(seen(), subject)).toEqual(numbered(subject, 20))
    },
  )

  prove('closing waits for the event in hand, and notes that it is done', async (fixture) => {
    const bus = await fixture.open()
    const started = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    const first = await fixture.consumer(bus, 'a', {
      handle() {
        started.resolve()
        return gate.promise
      },
    })
    await bus.publish(interleaved(['s'], 2))
    await started.promise
    const closed = first.close()
    gate.resolve()
    await closed
    expect(first.names()).toEqual(['s-0'])
    const second = await fixture.consumer(bus, 'a')
    await eventually('the rest', () => second.seen.length === 1)
    expect(second.names()).toEqual(['s-1'])
  })

  prove(
    'a wait between attempts does not hold up closing; the event stays for the next consumer',
    async (fixture) => {
      const bus = await fixture.open({ retryDelaysMs: [2_000] })
      const failed = Promise.withResolvers<void>()
      const first = await fixture.consumer(bus, 'a', {
        async handle() {
          failed.resolve()
          throw new Error('not now')
        },
      })
      await bus.publish(interleaved(['s'], 2))
      await failed.promise
      await first.close()
      const second = await fixture.consumer(bus, 'a')
      await eventually('the events', () => second.seen.length === 2)
      expect(second.names()).toEqual(numbered('s', 2))
    },
  )

  prove(
    'a consumer’s process is killed in the middle: another one has its events within seconds',
    async (fixture) => {
      const child = await fixture.process(0)
      const bus = await fixture.open()
      const events = interleaved(subjects, 3)
      await bus.publish(events)
      await eventually('it is at it', () => child.said.some(({ handling }) => handling))
      const { seen } = await fixture.consumer(bus, 'a')
      child.kill('SIGKILL')
      await child.exited
      await eventually('all of them', () => seen.length >= events.length)
      for (const subject of subjects) expect(ofSubject(seen, subject)).toEqual(numbered(subject, 3))
    },
  )

  prove(
    'a consumer’s process is paused: another takes over, and when it wakes up it does no harm',
    async (fixture) => {
      const child = await fixture.process(2)
      const bus = await fixture.open()
      await bus.publish(interleaved(subjects, 20))
      await eventually('it is at it', () => child.said.some(({ handled }) => handled))
      child.kill('SIGSTOP')
      const { seen } = await fixture.consumer(bus, 'a')
      await bus.publish(interleaved(subjects, 5))
      await eventually(
        'the other has the rest',
        async () => (await bus.operations.groups())[0]?.lag === 0,
        15_000,
      )
      const before = child.said.length
      const taken = seen.length
      child.kill('SIGCONT')
      child.goOn()
      await bus.publish(interleaved(['after'], 30))
      await eventually(
        'they share the work again',
        async () => (await bus.operations.groups())[0]?.members === 2,
      )
      const late = () => child.said.slice(before).filter(({ handled }) => handled)
      await eventually('all', () => {
        const names = [
          ...seen.slice(taken).map(({ subject }) => subject),
          ...late().map(({ handled }) => handled),
        ]
        return names.filter((name) => name === 'after').length >= 30
      })
      // What it had in hand when it was paused, it may end; nothing that the other has done is done again after that.
      const again = late().filter(({ handled }) => handled !== 'after')
      expect(again.length).toBeLessThanOrEqual(16)
      await eventually('no lag', async () => (await bus.operations.groups())[0]?.lag === 0)
      expect(await bus.operations.redeliver({ group: 'a', client: null }, null)).toBe(0)
    },
  )

  prove(
    'the broker is killed and comes back: what was acknowledged is there, and consumers go on',
    async (fixture) => {
      const bus = await fixture.open()
      const { seen } = await fixture.consumer(bus, 'a')
      await bus.publish(interleaved(['s'], 10))
      await eventually('the first ones', () => seen.length >= 10)
      const [, ...late] = interleaved(['s'], 30).slice(9)
      await bus.publish(late.slice(0, 10))
      await fixture.broker.restart()
      await eventually(
        'it takes events again',
        () =>
          bus.publish(late).then(
            () => true,
            () => false,
          ),
        15_000,
      )
      await eventually('all', () => new Set(seen.map(({ id }) => id)).size >= 30, 15_000)
      const firsts = seen.filter(({ id }, index) => seen.findIndex((event) => event.id === id) === index)
      expect(ofSubject(firsts, 's')).toEqual(numbered('s', 30))
    },
  )
}
