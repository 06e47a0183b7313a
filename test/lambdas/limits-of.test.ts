import { defaultBuildLimits } from '../../lambdas/host/build-limits.ts'
import { createLimitsOf } from '../../lambdas/host/limits-of.ts'
import type { ClientPlugin } from '../../lambdas/host/plugin-registry.ts'
import { defaultLimits } from '../../lambdas/isolates/isolate-limits.ts'

const pluginWith = (limits: ClientPlugin['limits']): ClientPlugin => ({
  active: null,
  grants: { scopes: [], egress: [] },
  limits,
  flags: [],
})

test('what operators have changed for a client holds for it, and equal limits stay the same object', () => {
  let plugins = new Map([
    ['acme', pluginWith({ cpuMs: 200 })],
    ['globex', pluginWith({})],
  ])
  const limitsOf = createLimitsOf({ pluginOf: (client) => plugins.get(client) ?? pluginWith({}) })
  const before = limitsOf('acme')
  expect(before).toEqual({ ...defaultLimits, ...defaultBuildLimits, cpuMs: 200 })
  expect(limitsOf('globex')).toEqual({ ...defaultLimits, ...defaultBuildLimits })
  // The registry was read anew, and says the same of acme.
  plugins = new Map([
    ['acme', pluginWith({ cpuMs: 200 })],
    ['globex', pluginWith({ memoryMb: 64 })],
  ])
  expect(limitsOf('acme')).toBe(before)
  expect(limitsOf('globex').memoryMb).toBe(64)
})
