import type { GraphQLSchema } from 'graphql'
import type { FetchPart } from '../../planning/fetch-graph.ts'
import type { ResponseObject } from '../response-data.ts'
import { applyRewrites } from '../rewrites.ts'
import { HandOver } from './hand-over.ts'
import { objectsAt } from './objects-at.ts'
import { onlySource, type Place, type Places } from './places.ts'
import { type Entity, type Fetched, isFetched, linkEntity, linkedEntity, newEntity, type Run } from './run.ts'
import { compileRepresentation } from './write-representation.ts'

export type Layout = { places: Places; supergraph: GraphQLSchema }

/** What a part of a call asks in one run, and what it does with the answer. */
export type Asked = {
  /** Nothing is asked. */
  isEmpty: boolean
  /** The text of its variables, without braces. */
  variables: string
  /** @throws {HandOver} */
  receive(data: Fetched): void
}

/** A fetch of fields of a root. */
export function compileRootPart(part: FetchPart, { places, supergraph }: Layout): (run: Run) => Asked {
  const link = places.linkOf(part)
  if (part.paths.some((path) => path.length > 0)) throw new HandOver('A root is fetched within the answer.')
  return ({ root }) => ({
    isEmpty: false,
    variables: '',
    receive(data) {
      rewrite(data, part, supergraph)
      linkEntity(root, link, newEntity(data))
    },
  })
}

/** A fetch about entities: each distinct representation is sent once, and what comes is shared by all who have it. */
export function compileEntityPart(part: FetchPart, { places, supergraph }: Layout): (run: Run) => Asked {
  const { entities: key, representations, fetch, paths } = part
  const { requires = [], inputRewrites = [] } = fetch
  const link = places.linkOf(part)
  const groups = paths.map((path) => {
    const place = reachable(places.at(path))
    return { place, write: compileRepresentation(place, { requires, inputRewrites, supergraph }) }
  })
  return (run) => {
    const byText = new Map<string, Entity>()
    for (const { place, write } of groups) {
      for (const object of objectsAt(place, run)) {
        if (linkedEntity(object, link)) continue
        const text = write(object, run)
        if (text === undefined) continue
        let entity = byText.get(text)
        if (!entity) {
          entity = newEntity(null)
          byText.set(text, entity)
        }
        linkEntity(object, link, entity)
      }
    }
    return {
      isEmpty: byText.size === 0,
      variables: `"${representations}":[${[...byText.keys()].join()}]`,
      receive: (data) => receiveEntities(data[key], byText, (entity) => rewrite(entity, part, supergraph)),
    }
  }
}

function receiveEntities(
  answers: unknown,
  byText: ReadonlyMap<string, Entity>,
  prepare: (entity: Fetched) => void,
): void {
  if (byText.size === 0) return
  if (!Array.isArray(answers) || answers.length !== byText.size) throw new HandOver('Entities are missing.')
  let index = 0
  for (const entity of byText.values()) {
    const answer: unknown = answers[index++]
    if (answer === null) continue
    if (!isFetched(answer)) throw new HandOver('An entity is not an object.')
    prepare(answer)
    entity.data = answer
  }
}

function rewrite(data: Fetched, { fetch: { outputRewrites } }: FetchPart, supergraph: GraphQLSchema): void {
  if (outputRewrites) applyRewrites(data as ResponseObject, outputRewrites, supergraph)
}

/** @throws {HandOver} when objects there come from several fetches */
function reachable(place: Place): Place {
  for (let at = place; at.parent; at = at.parent.place) onlySource(at)
  return place
}
