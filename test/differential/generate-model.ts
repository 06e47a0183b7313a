import { decorate } from './decorate-model.ts'
import {
  type Field,
  field,
  findObject,
  interfaceNamed,
  leaves,
  type Model,
  namedType,
  type ObjectType,
  objectNamed,
  objectsBehind,
} from './model.ts'
import type { Random } from './random.ts'

/** A world of two to five subgraphs. It need not compose. */
export function generateModel(random: Random): Model {
  const subgraphs = ['ash', 'birch', 'cedar', 'doum', 'elm'].slice(0, 2 + random.int(4))
  const model: Model = { subgraphs, objects: [], interfaces: [], unions: [] }
  addTypes(model, random)
  addAbstractTypes(model, random)
  for (const object of model.objects) if (object.kind === 'value') addValueFields(model, object, random)
  for (const object of model.objects) if (object.kind === 'entity') addEntityFields(model, object, random)
  addInterfaceObjectFields(model, random)
  addRoots(model, random)
  decorate(model, random)
  shareLabels(model)
  removeUnknown(model)
  return model
}

function addTypes(model: Model, random: Random): void {
  const value = (name: string): ObjectType => ({ name, kind: 'value', fields: [], homes: new Map() })
  const dim = value('Dim')
  dim.fields = [keyField('x', 'Int!'), keyField('y', 'String!')]
  model.objects.push(dim)
  for (let index = random.int(3); index >= 0; index--) model.objects.push(value(`V${index}`))
  const count = 1 + random.int(4)
  for (let index = 0; index < count; index++) {
    const entity: ObjectType = { name: `E${index}`, kind: 'entity', fields: [], homes: new Map() }
    entity.fields = [keyField('id', 'ID!')]
    if (random.chance(0.4)) entity.fields.push(keyField('code', random.pick(['Int!', 'String!', 'ID!'])))
    if (random.chance(0.2)) entity.fields.push(keyField('dim', 'Dim!'))
    if (index > 0 && random.chance(0.15)) entity.fields.push(keyField('kin', `E${index - 1}!`))
    model.objects.push(entity)
  }
}

function keyField(name: string, type: string): Field {
  return { ...field(name, type, []), isKey: true }
}

function addAbstractTypes(model: Model, random: Random): void {
  const entities = model.objects.filter(({ kind }) => kind === 'entity')
  const values = model.objects.filter(({ kind, name }) => kind === 'value' && name !== 'Dim')
  if (random.chance(0.6)) {
    const implementers = atLeastOne(entities, 0.6, random).map(({ name }) => name)
    const [home, object] = random.chance(0.5) ? model.subgraphs.toReversed() : model.subgraphs
    const entity = random.chance(0.45) && home && object ? { home, object } : null
    model.interfaces.push({ name: 'Node', implementers, fields: ['id'], entity })
    if (entity) for (const name of implementers) define(model, entity.home, name)
  }
  if (random.chance(0.4)) {
    const implementers = atLeastOne([...values, ...entities], 0.5, random).map(({ name }) => name)
    model.interfaces.push({ name: 'Named', implementers, fields: ['label'], entity: null })
  }
  if (random.chance(0.5)) {
    const members = atLeastOne([...values, ...entities], 0.5, random).map(({ name }) => name)
    model.unions.push({ name: 'Any', members })
  }
}

function atLeastOne<Item>(items: readonly Item[], probability: number, random: Random): Item[] {
  const some = random.some(items, probability)
  return some.length > 0 ? some : [random.pick(items)]
}

/** Makes `name` known in `subgraph`, with all it needs; false where an interface object stands in for it. */
export function define(model: Model, subgraph: string, name: string): boolean {
  if (!canDefine(model, subgraph, name, new Set())) return false
  if (interfaceNamed(model, name)?.entity?.object === subgraph) return true
  const behind = objectsBehind(model, name)
  if (behind.some((one) => objectNamed(model, one).homes.has(subgraph))) return true
  const first = behind.find((one) => canDefine(model, subgraph, one, new Set()))
  const object = first ? findObject(model, first) : undefined
  if (!object) return true
  object.homes.set(subgraph, [])
  if (object.kind === 'entity') addKey(model, object, subgraph, 'id', true)
  for (const one of object.fields) {
    if (object.kind !== 'value') continue
    one.owners.add(subgraph)
    define(model, subgraph, namedType(one.type))
  }
  return true
}

function canDefine(model: Model, subgraph: string, name: string, seen: Set<string>): boolean {
  if (leaves.includes(name) || seen.has(name)) return true
  seen.add(name)
  if (interfaceNamed(model, name)?.entity?.object === subgraph) return true
  return objectsBehind(model, name).some((one) => {
    const object = objectNamed(model, one)
    if (object.homes.has(subgraph)) return true
    const isObjectified = model.interfaces.some(
      ({ entity, implementers }) => entity?.object === subgraph && implementers.includes(one),
    )
    if (isObjectified) return false
    const needed = object.fields.filter(
      ({ isKey }) => object.kind === 'value' || (isKey && object.name === 'id'),
    )
    return needed.every(({ type }) => canDefine(model, subgraph, namedType(type), seen))
  })
}

/** How `fields` of a key are selected: `dim` as `dim { x y }`. */
export function addKey(
  model: Model,
  object: ObjectType,
  subgraph: string,
  ...[names, resolvable]: [string, boolean]
): void {
  const keys = object.homes.get(subgraph) ?? []
  const selections: Record<string, string> = { dim: 'dim { x y }', kin: 'kin { id }' }
  for (const name of names.split(' ')) {
    const one = object.fields.find((candidate) => candidate.name === name)
    if (!one || !define(model, subgraph, namedType(one.type))) return
    one.owners.add(subgraph)
  }
  const fields = names
    .split(' ')
    .map((name) => selections[name] ?? name)
    .join(' ')
  if (!keys.some((key) => key.fields === fields)) keys.push({ fields, resolvable })
  object.homes.set(subgraph, keys)
}

function addEntityFields(model: Model, entity: ObjectType, random: Random): void {
  for (const subgraph of atLeastOne(model.subgraphs, 0.6, random)) {
    if (!define(model, subgraph, entity.name)) continue
    addKeys(model, entity, { subgraph, random })
  }
  const homes = [...entity.homes.keys()]
  const count = 2 + random.int(5)
  for (let index = 0; index < count && homes.length > 0; index++) {
    addField(model, entity, { name: `f${index}`, subgraph: random.pick(homes), random })
  }
  for (const { name, fields, implementers } of model.interfaces) {
    if (!implementers.includes(entity.name) || homes.length === 0) continue
    if (name === 'Node' && !fields.includes('size')) fields.push('size', 'near')
    if (name === 'Node') {
      entity.fields.push(field('size', 'Int', [random.pick(homes)]))
      const owner = random.pick(homes)
      entity.fields.push(field('near', 'Node', [owner]))
    }
    if (name === 'Named') entity.fields.push(field('label', 'String', homes))
  }
}

type Place = { subgraph: string; random: Random }

function addKeys(model: Model, entity: ObjectType, { subgraph, random }: Place): void {
  const others = entity.fields.filter(({ isKey, name }) => isKey && name !== 'id').map(({ name }) => name)
  const sets = [
    ...others,
    ...(others.length > 1 ? [others.join(' ')] : []),
    ...others.map((name) => `id ${name}`),
  ]
  for (const names of random.some(sets, 0.35)) addKey(model, entity, subgraph, names, true)
  const keys = entity.homes.get(subgraph) ?? []
  const isNeeded =
    model.interfaces.some(({ implementers }) => implementers.includes(entity.name)) ||
    model.objects.some(({ fields }) =>
      fields.some(({ isKey, type }) => isKey && namedType(type) === entity.name),
    )
  if (keys.length > 1 && !isNeeded && random.chance(0.3)) {
    keys.splice(0, 1)
    if (!keys.some(({ fields }) => fields.startsWith('id'))) fieldOf(entity, 'id')?.owners.delete(subgraph)
  }
}

function fieldOf(object: ObjectType, name: string): Field | undefined {
  return object.fields.find((one) => one.name === name)
}

function addValueFields(model: Model, value: ObjectType, random: Random): void {
  if (value.name === 'Dim') return
  const count = 2 + random.int(3)
  for (let index = 0; index < count; index++) {
    const depth = Number(value.name.slice(1))
    const lower = model.objects.filter(
      ({ kind, name }) => kind === 'value' && name !== 'Dim' && Number(name.slice(1)) < depth,
    )
    const entities = model.objects.filter(({ kind }) => kind === 'entity')
    const named =
      lower.length > 0 && random.chance(0.25)
        ? random.pick(lower).name
        : random.chance(0.12)
          ? random.pick(entities).name
          : random.pick(leaves)
    value.fields.push({ ...field(`g${index}`, wrap(named, random), []), args: randomArguments(random, 0.15) })
  }
  for (const { name, implementers } of model.interfaces) {
    if (name === 'Named' && implementers.includes(value.name)) value.fields.push(field('label', 'String', []))
  }
}

/** Adds a field of any type that `subgraph` can have. */
export function addField(
  model: Model,
  object: ObjectType,
  { name, subgraph, random }: Place & { name: string },
): Field {
  const named = pickType(model, { subgraph, random }, object.kind === 'root' ? 0.15 : 0.5)
  const added = { ...field(name, wrap(named, random), [subgraph]), args: randomArguments(random, 0.3) }
  object.fields.push(added)
  return added
}

function pickType(model: Model, { subgraph, random }: Place, leafProbability: number): string {
  const composites = [
    ...model.objects.filter(({ kind }) => kind !== 'root'),
    ...model.interfaces,
    ...model.unions,
  ]
  if (random.chance(leafProbability)) return random.pick(leaves)
  const { name } = random.pick(composites)
  return define(model, subgraph, name) ? name : random.pick(leaves)
}

export function wrap(named: string, random: Random): string {
  const strict = (type: string, probability: number) => (random.chance(probability) ? `${type}!` : type)
  const inner = strict(named, 0.3)
  if (random.chance(0.65)) return inner
  const list = strict(`[${inner}]`, 0.3)
  return random.chance(0.75) ? list : strict(`[${list}]`, 0.3)
}

function randomArguments(random: Random, probability: number): Field['args'] {
  const choices = [
    { name: 'n', type: 'Int', defaultValue: random.chance(0.5) ? '4' : null },
    { name: 'need', type: 'Int!', defaultValue: random.chance(0.5) ? '7' : null },
    { name: 'color', type: 'Color', defaultValue: random.chance(0.4) ? 'GREEN' : null },
    { name: 'filter', type: 'Filter', defaultValue: random.chance(0.3) ? '{ names: ["a"] }' : null },
    { name: 'ids', type: '[[ID!]]', defaultValue: null },
    { name: 'blob', type: 'Blob', defaultValue: null },
    { name: 'representations', type: 'String', defaultValue: null },
  ]
  return random.chance(probability) ? random.some(choices, 0.25) : []
}

function addInterfaceObjectFields(model: Model, random: Random): void {
  for (const { name, entity, implementers, fields } of model.interfaces) {
    if (!entity) continue
    for (let index = 1 + random.int(2); index > 0; index--) {
      const type = wrap(random.pick(leaves), random)
      fields.push(`star${index}`)
      for (const implementer of implementers) {
        const added = field(`star${index}`, type, [entity.object])
        objectNamed(model, implementer).fields.push({ ...added, viaInterface: name })
      }
    }
  }
}

function addRoots(model: Model, random: Random): void {
  const roots = { Query: [0, 3], Mutation: [random.int(2), 2], Subscription: [random.int(2), 1] } as const
  for (const [name, [least, more]] of Object.entries(roots)) {
    const root: ObjectType = { name, kind: 'root', fields: [], homes: new Map() }
    model.objects.push(root)
    if (name !== 'Query' && least === 0) continue
    for (const subgraph of model.subgraphs) {
      const count = least + random.int(more + 1)
      for (let index = 0; index < count; index++) {
        root.homes.set(subgraph, [])
        addField(model, root, { name: `${subgraph}${name[0]}${index}`, subgraph, random })
      }
    }
  }
  const query = objectNamed(model, 'Query')
  const entities = model.objects.filter(({ kind, homes }) => kind === 'entity' && homes.size > 0)
  const entity = random.pick(entities.length > 0 ? entities : model.objects)
  const [home] = entity.homes.keys()
  if (home) {
    query.homes.set(home, [])
    query.fields.push({ ...field('all', `[${entity.name}]`, [home]) })
  }
}

/** An interface needs a field wherever it is known: all who know an implementer know its label. */
function shareLabels(model: Model): void {
  for (const { name, implementers } of model.interfaces) {
    if (name !== 'Named') continue
    for (const object of implementers.map((implementer) => objectNamed(model, implementer))) {
      for (const home of object.homes.keys()) fieldOf(object, 'label')?.owners.add(home)
    }
  }
}

/** What no subgraph came to know is not in the world. */
function removeUnknown(model: Model): void {
  for (const object of model.objects) object.fields = object.fields.filter(({ owners }) => owners.size > 0)
  model.objects = model.objects.filter(({ homes, fields }) => homes.size > 0 && fields.length > 0)
  const isKnown = (name: string) => model.objects.some((object) => object.name === name)
  for (const one of model.interfaces) one.implementers = one.implementers.filter(isKnown)
  for (const union of model.unions) union.members = union.members.filter(isKnown)
  model.interfaces = model.interfaces.filter(({ implementers }) => implementers.length > 0)
  model.unions = model.unions.filter(({ members }) => members.length > 0)
}
