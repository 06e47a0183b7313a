import { abstractTypes } from './abstract-types/case.ts'
import { chainedRequirements } from './chained-requirements/case.ts'
import { compoundKeys } from './compound-keys/case.ts'
import { conditions } from './conditions/case.ts'
import { conflictingTypes } from './conflicting-types/case.ts'
import { enums } from './enums/case.ts'
import { errors } from './errors/case.ts'
import { failingRequirements } from './failing-requirements/case.ts'
import type { FederationCase } from './federation-case.ts'
import { interfaceObjectConditions } from './interface-object-conditions/case.ts'
import { interfaceObjects } from './interface-objects/case.ts'
import { interfacesWithoutTypes } from './interfaces-without-types/case.ts'
import { listsOfLists } from './lists-of-lists/case.ts'
import { mutations } from './mutations/case.ts'
import { nestedEntities } from './nested-entities/case.ts'
import { nullPropagation } from './null-propagation/case.ts'
import { providesAndOverride } from './provides-and-override/case.ts'
import { requiredArguments } from './required-arguments/case.ts'
import { requires } from './requires/case.ts'
import { resolvableKeys } from './resolvable-keys/case.ts'
import { sharedRoots } from './shared-roots/case.ts'

export const cases: FederationCase[] = [
  abstractTypes,
  chainedRequirements,
  compoundKeys,
  conditions,
  conflictingTypes,
  enums,
  errors,
  failingRequirements,
  interfaceObjectConditions,
  interfaceObjects,
  interfacesWithoutTypes,
  listsOfLists,
  mutations,
  nestedEntities,
  nullPropagation,
  providesAndOverride,
  requiredArguments,
  requires,
  resolvableKeys,
  sharedRoots,
]
