import type { GraphQLSchema } from 'graphql'
import type { FetchPart } from '../../planning/query-plan.ts'
import { HandOver } from './hand-over.ts'
import { objectsAt } from './objects-at.ts'
import { onlySource, type Place, type Places } from './places.ts'
import { type Entity, type Fetched, type FetchedValue, isFetched, type Run } from './run.ts'
import { addMember, type Shape } from './shapes.ts'
import { compileRepresentation } from './write-representation.ts'

/** Where a part's data is to be read from the answer: `whole` gets the keys of all parts of the call. */
export type Layout = { places: Places; supergraph: GraphQLSchema; whole: Shape }

/** What a part of a call asks in one run, and what it does with the answer. */
export type Asked = {
  /** Nothing is asked. */
  isEmpty: boolean
  /** The text of its variables, without braces. */
  variables: string
  /** @throws {HandOver} */
  receive(answer: Fetched): void
}

export type Ask = (run: Run) => Asked

/** A fetch of fields of a root: its data is the whole answer. */
export function compileRootPart(part: FetchPart, places: Places): Ask {
  const { link } = places.partOf(part)
  if (part.paths.some((path) => path.length > 0)) throw new HandOver('A root is fetched within the answer.')
  return ({ root }) => ({
    isEmpty: false,
    variables: '',
    receive(data) {
      root.links[link] = { data }
    },
  })
}

/** A fetch about entities: each distinct representation is sent once, and what comes is shared by all who have it. */
export function compileEntityPart(part: FetchPart, { places, supergraph, whole }: Layout): Ask {
  const { requires = [], inputRewrites = [] } = part.fetch
  const { link, shape } = places.partOf(part)
  const member = addMember(whole, part.entities, { wireKey: part.entities, isLeaf: false })
  member.shape = shape
  const groups = part.paths.map((path) => {
    const place = reachable(places.at(path))
    return { place, write: compileRepresentation(place, { requires, inputRewrites, supergraph }) }
  })
  return (run) => {
    const byText = new Map<string, Entity>()
    for (const { place, write } of groups) {
      for (const object of objectsAt(place, run)) {
        if (object.links[link]) continue
        const text = write(object)
        if (text !== undefined) object.links[link] = entityFor(text, byText)
      }
    }
    return {
      isEmpty: byText.size === 0,
      variables: `"${part.representations}":[${[...byText.keys()].join()}]`,
      receive: (answer) => receiveEntities(answer.values[member.slot], byText),
    }
  }
}

function entityFor(text: string, byText: Map<string, Entity>): Entity {
  const known = byText.get(text)
  if (known) return known
  const entity: Entity = { data: null }
  byText.set(text, entity)
  return entity
}

function receiveEntities(answers: FetchedValue, byText: ReadonlyMap<string, Entity>): void {
  if (byText.size === 0) return
  if (!Array.isArray(answers) || answers.length !== byText.size) throw new HandOver('Entities are missing.')
  let index = 0
  for (const entity of byText.values()) {
    const answer = answers[index++]
    if (answer === null) continue
    if (!isFetched(answer)) throw new HandOver('An entity is not an object.')
    entity.data = answer
  }
}

/** @throws {HandOver} when objects there come from several fetches */
function reachable(place: Place): Place {
  for (let at = place; at.parent; at = at.parent.place) onlySource(at)
  return place
}
