import { Kind, parse } from 'graphql'
import { isGrantedName } from '../../foundation/granted-host.ts'
import type { Compose } from '../composition/compose.ts'
import { type CompositionError, pluginSubgraph } from '../composition/compose-for-client.ts'
import { subgraphSources } from '../supergraph/client-graph.ts'
import { readClientGraph } from './read-client-graph.ts'
import type { PluginSubgraph, RegistryState } from './registry-state.ts'
import { requireClient } from './switch-module.ts'

/** A release, and the client that is to be served with it. */
export type ReleaseCase = {
  client: string
  plugin: PluginSubgraph
  /** An operator insists: it is served although not all that it needs is granted. */
  force: boolean
}

/**
 * Why a release cannot be served with the client's modules as they are.
 *
 * @throws {TrellisError} NOT_FOUND when there is no such client
 */
export async function judgeRelease(
  compose: Compose,
  state: RegistryState,
  { client: slug, plugin, force }: ReleaseCase,
): Promise<CompositionError[]> {
  const client = requireClient(state, slug)
  const missing = force ? [] : ungranted(plugin, client.grants)
  const clients = new Map(state.clients).set(slug, { ...client, plugin })
  const graph = readClientGraph({ ...state, clients }, slug)
  const composition = await compose(graph ? subgraphSources(graph) : [])
  if (!composition.ok) return [...composition.errors, ...missing]
  const fields = rootFields(composition.supergraphSdl)
  const idle = plugin.rules.filter((rule) => !fields.has(rule))
  return [
    ...idle.map((rule) =>
      faultOf('RULE_WITHOUT_FIELD', `There is no root field "${rule}" to have a rule for.`),
    ),
    ...missing,
  ]
}

/** A plugin that is served without what it needs would fail its callers one by one, much later. */
function ungranted({ needs }: PluginSubgraph, grants: PluginSubgraph['needs']): CompositionError[] {
  const scopes = needs.scopes.filter((scope) => !grants.scopes.includes(scope))
  const hosts = needs.egress.filter((host) => !isGrantedName(host, grants.egress))
  return [
    ...scopes.map((scope) => ungrantedFault(scope, 'the scope')),
    ...hosts.map((host) => ungrantedFault(host, 'calls to')),
  ]
}

function ungrantedFault(need: string, kind: string): CompositionError {
  return faultOf('NEEDS_NOT_GRANTED', `An operator has to grant ${kind} "${need}" first.`)
}

function rootFields(supergraphSdl: string): ReadonlySet<string> {
  const roots = parse(supergraphSdl, { noLocation: true }).definitions.filter(
    (node) => node.kind === Kind.OBJECT_TYPE_DEFINITION,
  )
  return new Set(
    roots
      .filter(({ name }) => ['Query', 'Mutation', 'Subscription'].includes(name.value))
      .flatMap(({ name: type, fields = [] }) => fields.map(({ name }) => `${type.value}.${name.value}`)),
  )
}

function faultOf(code: string, message: string): CompositionError {
  return { code, message, subgraph: pluginSubgraph }
}
