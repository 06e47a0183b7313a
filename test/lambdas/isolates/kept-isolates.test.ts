import type { PluginIsolate } from '../../../lambdas/isolates/create-isolate.ts'
import { keepIsolates } from '../../../lambdas/isolates/kept-isolates.ts'
import { eventually } from '../../support/eventually.ts'

const limits = { memoryMb: 100, perClient: 2, idleMs: 60_000 }

function isolateOf(memoryMb: number): PluginIsolate & { isDisposed: boolean } {
  const isolate = {
    isDisposed: false,
    describe: async () => '',
    invoke: async () => '',
    memoryMb: () => memoryMb,
    dispose(): void {
      disposed.isDisposed = true
    },
  }
  const disposed: { isDisposed: boolean } = isolate
  return isolate
}

test('of a client, the releases used last are kept', () => {
  const kept = keepIsolates(limits)
  const isolates = ['one', 'two', 'three'].map((name) => ({ name, isolate: isolateOf(1) }))
  for (const { name, isolate } of isolates) {
    kept.add(name, 'acme', isolate)
    kept.use('one')?.done()
  }
  expect(isolates.map(({ isolate }) => isolate.isDisposed)).toEqual([false, true, false])
  expect(kept.use('two')).toBeNull()
})

test('when memory runs short, those used longest ago are let go; never one that has a call', () => {
  const kept = keepIsolates(limits)
  const [first, second, third] = [isolateOf(60), isolateOf(30), isolateOf(50)]
  kept.add('acme/1', 'acme', first)
  const call = kept.use('acme/1')
  kept.add('globex/1', 'globex', second)
  kept.add('initech/1', 'initech', third)
  expect([first, second, third].map(({ isDisposed }) => isDisposed)).toEqual([false, true, true])
  call?.done()
  expect(first.isDisposed).toBe(false)
})

test('one that is replaced or dropped goes on to the end of its calls', () => {
  const kept = keepIsolates(limits)
  const before = isolateOf(1)
  kept.add('acme/1', 'acme', before)
  const call = kept.use('acme/1')
  kept.add('acme/1', 'acme', isolateOf(1))
  expect(before.isDisposed).toBe(false)
  call?.done()
  expect(before.isDisposed).toBe(true)
})

test('idle ones are let go', async () => {
  const kept = keepIsolates({ ...limits, idleMs: 20 })
  const idle = isolateOf(1)
  kept.add('acme/1', 'acme', idle)
  await eventually('it is let go', () => idle.isDisposed)
  expect(kept.count()).toBe(0)
})
