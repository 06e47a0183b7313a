/**
 * The name under which a client's variable is planned and sent to subgraphs: out of the way of `representations`,
 * which every entity fetch has, and of the variables that carry root arguments.
 */
export function privateVariable(name: string): string {
  return `${name}__client`
}
