import { createQuarantine } from '../../lambdas/host/quarantine.ts'
import { eventually } from '../support/eventually.ts'

const options = { trips: 3, withinMs: 10_000, firstMs: 40, longestMs: 100 }

test('a client that meets limits again and again is held for a while; nobody else is', async () => {
  const quarantine = createQuarantine(options)
  quarantine.trip('acme')
  quarantine.trip('acme')
  expect(quarantine.holds('acme')).toBe(false)
  quarantine.trip('acme')
  expect(quarantine.holds('acme')).toBe(true)
  expect(quarantine.holds('globex')).toBe(false)
  await eventually('it is over', () => !quarantine.holds('acme'))
})

test('who has ended a process is held at once, and longer each time', async () => {
  const quarantine = createQuarantine(options)
  const stay = async () => {
    const startedAt = performance.now()
    quarantine.enter('acme')
    expect(quarantine.holds('acme')).toBe(true)
    await eventually('it is over', () => !quarantine.holds('acme'))
    return performance.now() - startedAt
  }
  expect(await stay()).toBeGreaterThanOrEqual(40)
  expect(await stay()).toBeGreaterThanOrEqual(80)
})
