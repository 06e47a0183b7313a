import type { RegistryState } from './registry-state.ts'

/** The address of an instance of a module that is there, each in its turn; undefined when none is. */
export type PickInstance = (module: string) => string | undefined

export function createInstancePicker(state: () => RegistryState): PickInstance {
  let turn = 0
  return (module) => {
    const now = Date.now()
    const instances = state().modules.get(module)?.instances ?? []
    const living = instances.filter(({ leaseExpiresAt }) => leaseExpiresAt.getTime() > now)
    turn += 1
    return living[turn % living.length]?.url
  }
}
