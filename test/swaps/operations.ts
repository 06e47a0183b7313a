import type { Answer } from '../support/graphql.ts'
import { parityOf, type Served } from './release.ts'

/** One operation of the load, and what is wrong with an answer to it, whatever of `served` it was answered by. */
export type LoadOperation = {
  name: string
  query: string
  /** Null: nothing. */
  faultOf(answer: Answer, served: readonly Served[]): string | null
}

/** Valid whatever is served: an error of any kind is a failed operation. */
function core(collection: string): LoadOperation {
  return {
    name: 'core',
    query: `{ records(collection: "${collection}", first: 3) { edges { node { id createdBy { id name } } } } }`,
    faultOf: ({ data, errors }) => (errors || !data?.records ? describe({ errors, data }) : null),
  }
}

/** Two fields of the plugin and one of the core: all of one release, and of one that was served. */
const whole: LoadOperation = {
  name: 'whole',
  query: '{ release users(first: 3) { edges { node { id name release } } } again: release }',
  faultOf({ data, errors }, served) {
    if (errors || !data) return describe({ errors, data })
    const users = data.users as { edges: { node: { release: number } }[] }
    const told = new Set([data.release, data.again, ...users.edges.map(({ node }) => node.release)])
    if (told.size > 1) return `answered by several releases: ${[...told]}`
    return served.some(({ release }) => release === data.release)
      ? null
      : `answered by release ${data.release}`
  },
}

/** Names a field that only every second release has: answered by such a one, or refused by another. */
function everySecond(parity: 'odd' | 'even'): LoadOperation {
  return {
    name: parity,
    query: `{ ${parity} release users(first: 2) { edges { node { ${parity}Release } } } }`,
    faultOf({ data, errors }, served) {
      if (isInvalid(errors)) {
        const mayRefuse = served.some(({ release }) => parityOf(release) !== parity)
        return mayRefuse ? null : 'refused, although every release that was served has the field'
      }
      if (errors || !data) return describe({ errors, data })
      const isOne = data.release === data[parity] && parityOf(Number(data.release)) === parity
      if (!isOne) return `answered by a schema it is not valid in: ${describe({ data })}`
      return served.some(({ release }) => release === data.release)
        ? null
        : `answered by release ${data.release}`
    },
  }
}

/** Of a module that is switched off and on. */
const switched: LoadOperation = {
  name: 'switched',
  query: '{ release users(first: 1) { edges { node { unreadCount } } } }',
  faultOf({ data, errors }, served) {
    if (isInvalid(errors)) {
      return served.some(({ hasNotifications }) => !hasNotifications)
        ? null
        : 'refused, although the module was on'
    }
    if (errors || !data) return describe({ errors, data })
    return served.some(({ hasNotifications }) => hasNotifications)
      ? null
      : 'answered, although the module was off'
  },
}

export const swappedOperations = [core('orders'), whole, everySecond('odd'), everySecond('even'), switched]
/** Of the client that nothing is changed of. */
export const calmOperations = [core('articles')]

function isInvalid(errors: Answer['errors']): boolean {
  return errors?.every(({ extensions }) => extensions?.code === 'GRAPHQL_VALIDATION_FAILED') ?? false
}

function describe(answer: object): string {
  return JSON.stringify(answer).slice(0, 300)
}
