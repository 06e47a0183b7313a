import { Kind, parse } from 'graphql'
import { isGrantedName } from '../../foundation/granted-host.ts'
import type { PluginDocument } from '../../schema/plugin-build.ts'
import { type CompositionError, pluginSubgraph } from '../composition/compose-for-client.ts'
import type { DocumentReading } from '../planning/read-documents.ts'
import { subgraphSources } from '../supergraph/client-graph.ts'
import type { AskedCoordinate } from './asked-coordinates.ts'
import type { Judging } from './change-judged.ts'
import { readClientGraph } from './read-client-graph.ts'
import type { PluginSubgraph, RegistryState, StoredPlugin } from './registry-state.ts'
import { requireClient } from './switch-module.ts'

/** A release, and the client that is to be served with it. */
export type ReleaseCase = {
  client: string
  plugin: StoredPlugin
  /** An operator insists: it is served although not all is granted that it needs, or there that it asks. */
  force: boolean
}

/** Why a release cannot be served, and what it asks of the graph that it would be served with. */
export type ReleaseJudgement = { errors: CompositionError[]; asked: AskedCoordinate[] }

/**
 * Whether a release can be served with the client's modules as they are.
 *
 * @throws {TrellisError} NOT_FOUND when there is no such client
 */
export async function judgeRelease(
  { compose, readDocuments }: Pick<Judging, 'compose' | 'readDocuments'>,
  state: RegistryState,
  { client: slug, plugin, force }: ReleaseCase,
): Promise<ReleaseJudgement> {
  const client = requireClient(state, slug)
  const missing = force ? [] : ungranted(plugin, client.grants)
  const clients = new Map(state.clients).set(slug, { ...client, plugin })
  const graph = readClientGraph({ ...state, clients }, slug)
  const composition = await compose(graph ? subgraphSources(graph) : [])
  if (!composition.ok) return { errors: [...composition.errors, ...missing], asked: [] }
  const { supergraphSdl } = composition
  const fields = rootFields(supergraphSdl)
  const idle = plugin.rules.filter((rule) => !fields.has(rule))
  const { documents } = plugin
  const readings = await readDocuments(
    supergraphSdl,
    documents.map(({ text }) => text),
  )
  const invalid = force ? [] : eachReading(documents, readings, faultsIn)
  const errors = [
    ...idle.map((rule) =>
      faultOf('RULE_WITHOUT_FIELD', `There is no root field "${rule}" to have a rule for.`),
    ),
    ...invalid,
    ...missing,
  ]
  return { errors, asked: eachReading(documents, readings, usesIn) }
}

type Place = (line: number | null) => { file: string; line: number }

function eachReading<Found>(
  documents: readonly PluginDocument[],
  readings: readonly DocumentReading[],
  read: (reading: DocumentReading, placeOf: Place) => Found[],
): Found[] {
  return documents.flatMap(({ file, line: first }, index) => {
    const reading = readings[index]
    return reading ? read(reading, (line) => ({ file, line: first + (line ?? 1) - 1 })) : []
  })
}

function faultsIn({ faults }: DocumentReading, placeOf: Place): CompositionError[] {
  return faults.map(({ message, line }) => ({ ...faultOf('OPERATION_INVALID', message), ...placeOf(line) }))
}

function usesIn({ name, uses }: DocumentReading, placeOf: Place): AskedCoordinate[] {
  return uses.map(({ coordinate, line }) => ({ coordinate, operation: name, ...placeOf(line) }))
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
