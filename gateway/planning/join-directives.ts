import { type ConstArgumentNode, type ConstDirectiveNode, type ConstValueNode, Kind, print } from 'graphql'

// The directives by which a supergraph says what is in which subgraph: https://specs.apollo.dev/join/v0.4

type JoinName = 'graph' | 'type' | 'field' | 'implements' | 'unionMember' | 'enumValue'

export function isJoin({ name }: ConstDirectiveNode, join: JoinName): boolean {
  return name.value === `join__${join}`
}

/** The text of an argument, strings without their quotes; undefined where it is not given. */
export function argumentText(directive: ConstDirectiveNode, name: string): string | undefined {
  const value = directive.arguments?.find((candidate) => candidate.name.value === name)?.value
  return value && (value.kind === Kind.STRING ? value.value : print(value))
}

/** The subgraph it speaks of, as `join__Graph` names it. */
export function graphOf(directive: ConstDirectiveNode): string | undefined {
  return argumentText(directive, 'graph')
}

/** The same of another graph. @param only the arguments that are kept beside the graph; all where not given */
export function withGraph(
  directive: ConstDirectiveNode,
  graph: string,
  only?: readonly string[],
): ConstDirectiveNode {
  const kept = directive.arguments?.filter(
    ({ name }) => name.value !== 'graph' && (!only || only.includes(name.value)),
  )
  return { ...directive, arguments: [argument('graph', { kind: Kind.ENUM, value: graph }), ...(kept ?? [])] }
}

/** @param values an object is the name of an enum value */
export function joinDirective(
  join: JoinName,
  values: Readonly<Record<string, string | boolean | { value: string }>>,
): ConstDirectiveNode {
  return {
    kind: Kind.DIRECTIVE,
    name: { kind: Kind.NAME, value: `join__${join}` },
    arguments: Object.entries(values).map(([name, value]) => argument(name, valueNode(value))),
  }
}

function argument(name: string, value: ConstValueNode): ConstArgumentNode {
  return { kind: Kind.ARGUMENT, name: { kind: Kind.NAME, value: name }, value }
}

function valueNode(value: string | boolean | { value: string }): ConstValueNode {
  if (typeof value === 'string') return { kind: Kind.STRING, value }
  return typeof value === 'boolean' ? { kind: Kind.BOOLEAN, value } : { kind: Kind.ENUM, value: value.value }
}
