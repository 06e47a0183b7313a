import { createLogWindow, type SizedEvent } from '../../../events/log/log-window.ts'

const acme = { client: 'acme', types: ['a', 'b'] }

function sized(position: number, { client = 'acme', type = 'a', size = 1 } = {}): SizedEvent {
  const event = { id: String(position), source: 'test', type, subject: 's', client, actor: null, time: '' }
  return { position, size, event: { ...event, traceparent: null, dataVersion: 1, data: {} } }
}

test('finds the first event after a position that passes, and says how far it has seen', () => {
  const window = createLogWindow(10)
  window.add([sized(11), sized(12, { client: 'globex' }), sized(13, { type: 'c' }), sized(14, { type: 'b' })])
  expect(window.pull(10, acme)?.position).toBe(11)
  expect(window.pull(11, acme)?.event?.position).toBe(14)
  expect(window.pull(14, acme)).toEqual({ event: null, position: 14 })
  expect(window.pull(10, { ...acme, types: [] })).toEqual({ event: null, position: 14 })
  expect(window.pull(9, acme)).toBeNull()
})

test('a place that this process has not reached yet is kept', () => {
  expect(createLogWindow(10).pull(12, acme)).toEqual({ event: null, position: 12 })
})

test('is bounded by number', () => {
  const window = createLogWindow(0, { maxEvents: 3, maxSize: 100 })
  for (let position = 1; position <= 10; position++) window.add([sized(position)])
  expect(window.pull(6, acme)).toBeNull()
  expect(window.pull(7, acme)?.event?.position).toBe(8)
  expect(window.latest()).toBe(10)
})

test('is bounded by size, also against an event that is larger than all of it', () => {
  const window = createLogWindow(0, { maxEvents: 100, maxSize: 10 })
  window.add([sized(1, { size: 4 }), sized(2, { size: 4 }), sized(3, { size: 4 })])
  expect(window.pull(0, acme)).toBeNull()
  expect(window.pull(1, acme)?.event?.position).toBe(2)
  window.add([sized(4, { size: 50 })])
  expect(window.pull(3, acme)).toBeNull()
  expect(window.pull(4, acme)).toEqual({ event: null, position: 4 })
  window.add([sized(5, { size: 10 })])
  expect(window.pull(4, acme)?.event?.position).toBe(5)
})

test('a gap makes it begin anew: it never pretends to have seen what it has not', () => {
  const window = createLogWindow(0)
  expect(window.add([sized(1), sized(2)])).toBe(true)
  expect(window.add([sized(9)])).toBe(false)
  expect(window.pull(2, acme)).toBeNull()
  expect(window.pull(8, acme)?.event?.position).toBe(9)
})
