import {
  type ConstDirectiveNode,
  type DefinitionNode,
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
  type TypeDefinitionNode,
} from 'graphql'
import { type Dependant, type ExtentOfGraph, extentOf } from './extent-of-graph.ts'
import { argumentText, graphOf, isJoin, joinDirective, withGraph } from './join-directives.ts'
import { createSelectedFields, type SelectedFields } from './selected-fields.ts'
import { type FieldsDefinition, hasFields, isTypeDefinition } from './type-definitions.ts'
import { withoutUnusedExternals } from './unused-externals.ts'

export type ApartDependants = {
  document: DocumentNode
  /** The subgraph that is behind each one that only the planner knows, by name. */
  services: ReadonlyMap<string, string>
}

/**
 * A field that requires others and is itself required gets a subgraph of its own, which has nothing but that field,
 * keys and what the field requires. Apollo's planner, on its way back to a subgraph that it came from, takes such a
 * field along with what it asked for first, before there is anything of what it requires: wrong data without an error.
 * It does so only where both are the same subgraph to it. And where a subgraph names a required field as external,
 * it may ask for it there, so what is named for such a field's sake is no longer named.
 */
export function withDependantsApart(supergraph: DocumentNode): ApartDependants {
  const selected = createSelectedFields(supergraph)
  const services = new Map<string, string>()
  const dependants = dependantsToMove(supergraph, selected)
  let document = supergraph
  for (const dependant of dependants) {
    const service = serviceName(supergraph, dependant.graph)
    const name = `${service}__apart${services.size}`
    const graph = `${dependant.graph}__APART${services.size}`
    services.set(name, service)
    const extent = extentOf(document, dependant, selected)
    document = withOwnGraph(document, dependant, { graph, name, extent })
  }
  const graphs = new Set(dependants.map(({ graph }) => graph))
  return { document: withoutUnusedExternals(document, graphs, selected), services }
}

/** Those that are required, and those that require the same in the same subgraph: it need not name that any more. */
function dependantsToMove({ definitions }: DocumentNode, selected: SelectedFields): Dependant[] {
  const all = definitions.filter(hasFields).flatMap(dependantsOf)
  const requiredBy = ({ type, requires }: Dependant) => [...selected(type, requires)]
  const required = new Set(all.flatMap(requiredBy))
  const chained = all.filter(({ type, field }) => required.has(`${type}.${field}`))
  const named = ({ graph }: Dependant, place: string) => `${graph}/${place}`
  const moved = new Set(chained.flatMap((one) => requiredBy(one).map((place) => named(one, place))))
  return all.filter(
    (one) => chained.includes(one) || requiredBy(one).some((place) => moved.has(named(one, place))),
  )
}

function dependantsOf({ name, fields = [] }: FieldsDefinition): Dependant[] {
  return fields.flatMap(({ name: field, directives = [] }) =>
    directives.flatMap((directive): Dependant[] => {
      const [graph, requires] = [graphOf(directive), argumentText(directive, 'requires')]
      if (!isJoin(directive, 'field') || !graph || requires === undefined) return []
      return [{ type: name.value, field: field.value, graph, requires }]
    }),
  )
}

function serviceName({ definitions }: DocumentNode, graph: string): string {
  for (const definition of definitions) {
    if (definition.kind !== Kind.ENUM_TYPE_DEFINITION || definition.name.value !== 'join__Graph') continue
    const value = definition.values?.find(({ name }) => name.value === graph)
    const name = value?.directives?.[0] && argumentText(value.directives[0], 'name')
    if (name !== undefined) return name
  }
  throw new Error(`The supergraph has no graph ${graph}.`)
}

type OwnGraph = { graph: string; name: string; extent: ExtentOfGraph }

function withOwnGraph(document: DocumentNode, dependant: Dependant, own: OwnGraph): DocumentNode {
  const definitions = document.definitions.map((definition): DefinitionNode => {
    if (definition.kind === Kind.ENUM_TYPE_DEFINITION && definition.name.value === 'join__Graph') {
      const value = {
        kind: Kind.ENUM_VALUE_DEFINITION as const,
        name: { kind: Kind.NAME as const, value: own.graph },
        directives: [joinDirective('graph', { name: own.name, url: '' })],
      }
      return { ...definition, values: [...(definition.values ?? []), value] }
    }
    return isTypeDefinition(definition) ? addTo(definition, dependant, own) : definition
  })
  return { ...document, definitions }
}

function addTo(type: TypeDefinitionNode, dependant: Dependant, own: OwnGraph): TypeDefinitionNode {
  const name = type.name.value
  if (!own.extent.types.has(name)) return type
  const directives = [...(type.directives ?? []), ...copiesOfType(type, dependant, own)]
  if (type.kind === Kind.ENUM_TYPE_DEFINITION) {
    const values = type.values?.map((value) => ({
      ...value,
      directives: [...(value.directives ?? []), ...copies(value.directives, dependant.graph, own)],
    }))
    return { ...type, directives, values }
  }
  if (type.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION) {
    const fields = type.fields?.map((field) => ({
      ...field,
      directives: [...(field.directives ?? []), ...copies(field.directives, dependant.graph, own)],
    }))
    return { ...type, directives, fields }
  }
  if (!hasFields(type)) return { ...type, directives }
  const fields = type.fields?.map((field) => addToField(field, type, { dependant, own }))
  return { ...type, directives, fields }
}

/** Roots are known, as every subgraph has them, and interfaces, but neither is a way in. */
function copiesOfType(type: TypeDefinitionNode, { graph }: Dependant, own: OwnGraph): ConstDirectiveNode[] {
  const copied = copies(type.directives, graph, own)
  const isWayIn = copied.some((one) => argumentText(one, 'isInterfaceObject') === 'true')
  if (own.extent.isRoot(type.name.value) || (type.kind === Kind.INTERFACE_TYPE_DEFINITION && !isWayIn)) {
    return [joinDirective('type', { graph: { value: own.graph } })]
  }
  return copied.filter(
    (one) => !isJoin(one, 'implements') || own.extent.types.has(argumentText(one, 'interface') ?? ''),
  )
}

function copies(
  directives: readonly ConstDirectiveNode[] | undefined,
  graph: string,
  own: OwnGraph,
): ConstDirectiveNode[] {
  return (directives ?? []).filter((one) => graphOf(one) === graph).map((one) => withGraph(one, own.graph))
}

type Addition = { dependant: Dependant; own: OwnGraph }

function addToField(
  field: FieldDefinitionNode,
  type: FieldsDefinition,
  { dependant, own }: Addition,
): FieldDefinitionNode {
  const directives = explicit(field, type)
  const role = own.extent.roleOf(type.name.value, field.name.value)
  const here = directives.find((one) => isJoin(one, 'field') && graphOf(one) === dependant.graph)
  if (role === 'absent' || !here) return { ...field, directives }
  const copy = withGraph(here, own.graph, ['requires', 'type', 'override'])
  const typed = withGraph(here, own.graph, ['type'])
  switch (role) {
    case 'dependant': {
      const moved = joinDirective('field', { graph: { value: dependant.graph }, external: true })
      return { ...field, directives: [...directives.map((one) => (one === here ? moved : one)), copy] }
    }
    case 'required': {
      const isPlain = type.kind === Kind.INTERFACE_TYPE_DEFINITION
      return { ...field, directives: [...directives, isPlain ? typed : external(typed)] }
    }
    case 'key':
      return { ...field, directives: [...directives, typed] }
    case 'value':
      return { ...field, directives: [...directives, copy] }
    default:
      return role satisfies never
  }
}

function external(directive: ConstDirectiveNode): ConstDirectiveNode {
  const [flag] = joinDirective('field', { external: true }).arguments ?? []
  return flag ? { ...directive, arguments: [...(directive.arguments ?? []), flag] } : directive
}

/** What says nothing of graphs is in all those of its type, to which one is added. */
function explicit({ directives = [] }: FieldDefinitionNode, type: FieldsDefinition): ConstDirectiveNode[] {
  if (directives.some((one) => isJoin(one, 'field'))) return [...directives]
  const graphs = new Set(type.directives?.filter((one) => isJoin(one, 'type')).map(graphOf))
  const fields = [...graphs].flatMap((graph) =>
    graph ? [joinDirective('field', { graph: { value: graph } })] : [],
  )
  return [...directives, ...fields]
}
