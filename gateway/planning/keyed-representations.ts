import type { DocumentNode } from 'graphql'
import { argumentText, graphOf, isJoin } from './join-directives.ts'
import { mapFetches } from './map-fetches.ts'
import type { FetchNode, PlanNode, RequiredFragment, SubscriptionNode } from './query-plan.ts'
import { createSelectedFields } from './selected-fields.ts'
import { hasFields } from './type-definitions.ts'

/** Changes a plan so that no representation goes without a key. */
export type WithKeys = (node: PlanNode | SubscriptionNode) => PlanNode | SubscriptionNode

/**
 * Where a selection on one implementer leads to an interface object, Apollo's planner gives the key for that implementer
 * and what is required for the interface. An entity of another implementer then has a representation of what is required
 * alone, which its subgraph refuses, and with it all the others. What has no key is for those alone that have one.
 */
export function createWithKeys(keyFields: KeyFields): WithKeys {
  const hasKey = ({ typeCondition, selections }: RequiredFragment) =>
    selections.some((one) => one.kind === 'Field' && keyFields.has(`${typeCondition}.${one.name}`))

  const withKeys = (fetch: FetchNode): FetchNode => {
    const fragments = (fetch.requires ?? []).filter((one) => one.kind === 'InlineFragment')
    const keyed = fragments.filter(hasKey)
    if (keyed.length === 0 || keyed.length === fragments.length) return fetch
    const keyless = fragments.filter((one) => !keyed.includes(one))
    const requires = keyed.map((one) => ({ ...one, selections: [...one.selections, ...keyless] }))
    return { ...fetch, requires }
  }
  return (node) => mapFetches(node, withKeys)
}

/** `Type.field` of all that is part of some key. */
export type KeyFields = ReadonlySet<string>

export function keyFieldsOf(supergraph: DocumentNode): KeyFields {
  const selected = createSelectedFields(supergraph)
  const found = supergraph.definitions.filter(hasFields).flatMap(({ name, directives = [] }) =>
    directives.flatMap((one) => {
      const key = isJoin(one, 'type') && graphOf(one) ? argumentText(one, 'key') : undefined
      return key === undefined ? [] : [...selected(name.value, key)]
    }),
  )
  return new Set(found)
}
