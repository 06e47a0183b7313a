import {
  type Field,
  findObject,
  interfaceNamed,
  leaves,
  type Model,
  namedType,
  type ObjectType,
  objectNamed,
} from './model.ts'
import type { Random } from './random.ts'

/** Adds what only federation has: sharing, `@override`, `@provides`, `@requires`, hidden fields. */
export function decorate(model: Model, random: Random): void {
  const fieldsOf = (...kinds: ObjectType['kind'][]) =>
    model.objects
      .filter(({ kind }) => kinds.includes(kind))
      .flatMap((object) => object.fields.map((one) => ({ object, one })))
  const isPlain = ({ object, one }: { object: ObjectType; one: Field }) =>
    !one.isKey && !one.viaInterface && !isInInterface(model, object, one)

  for (const { object, one } of fieldsOf('entity', 'root').filter(isPlain)) {
    const isUnique = object.name === 'Mutation' || object.name === 'Subscription'
    if (isUnique) continue
    if (random.chance(0.15)) share(model, object, { one, random })
    else if (random.chance(0.06)) override(object, one, random)
  }
  for (const { one } of fieldsOf('entity', 'root', 'value'))
    if (random.chance(0.25)) provide(model, one, random)
  for (const { object, one } of fieldsOf('entity'))
    if (random.chance(0.3)) require(model, object, { one, random })
  for (const { one } of fieldsOf('entity').filter(isPlain)) one.isInaccessible = random.chance(0.04)
}

function isInInterface({ interfaces }: Model, object: ObjectType, { name }: Field): boolean {
  return interfaces.some(
    ({ implementers, fields }) => implementers.includes(object.name) && fields.includes(name),
  )
}

type Choice = { one: Field; random: Random }

/** Whether `subgraph` can have the type of the field without knowing more than it does. */
function knows(model: Model, subgraph: string, { type }: Field): boolean {
  const name = namedType(type)
  return leaves.includes(name) || findObject(model, name)?.homes.has(subgraph) === true
}

function otherHomes(object: ObjectType, { owners, external }: Field): string[] {
  return [...object.homes.keys()].filter((home) => !owners.has(home) && !external.has(home))
}

function share(model: Model, object: ObjectType, { one, random }: Choice): void {
  const others = otherHomes(object, one).filter((home) => knows(model, home, one))
  for (const home of random.some(others, 0.5)) one.owners.add(home)
}

function override(object: ObjectType, one: Field, random: Random): void {
  const others = otherHomes(object, one)
  const isSimple = leaves.includes(namedType(one.type))
  if (isSimple && one.owners.size === 1 && others.length > 0) one.overrides = random.pick(others)
}

/** A field that leads to an entity brings one of its fields along. */
function provide(model: Model, one: Field, random: Random): void {
  const entity = findObject(model, namedType(one.type))
  const [owner] = one.owners
  if (entity?.kind !== 'entity' || !owner || one.owners.size > 1) return
  const candidates = entity.fields.filter(
    (candidate) =>
      !candidate.isKey &&
      candidate.name !== 'label' &&
      !candidate.viaInterface &&
      !candidate.overrides &&
      candidate.args.length === 0 &&
      !candidate.owners.has(owner) &&
      leaves.includes(namedType(candidate.type)) &&
      entity.homes.has(owner),
  )
  if (candidates.length === 0) return
  const provided = random.pick(candidates)
  provided.external.add(owner)
  provided.isProvided = true
  one.provides.set(owner, provided.name)
}

/** The field depends on an earlier one of its type that its own subgraph does not have. */
function require(model: Model, object: ObjectType, { one, random }: Choice): void {
  const [owner] = one.owners
  if (!owner || one.owners.size > 1 || one.isKey || one.overrides || one.isProvided) return
  const earlier = object.fields.slice(0, object.fields.indexOf(one))
  const candidates = (
    one.viaInterface ? object.fields.filter(({ name }) => name === 'size') : earlier
  ).filter(
    (candidate) =>
      !candidate.isKey && !candidate.viaInterface && !candidate.owners.has(owner) && !candidate.overrides,
  )
  const selections = random.some(candidates, 0.5).flatMap((candidate) => {
    const selection = requiredSelection(model, candidate, { owner, random })
    return selection ? [{ candidate, selection }] : []
  })
  if (selections.length === 0) return
  for (const { candidate } of selections) candidate.external.add(owner)
  if (one.viaInterface) {
    const type = interfaceNamed(model, one.viaInterface)
    for (const name of type?.implementers ?? []) {
      const other = objectNamed(model, name)
      for (const sibling of other.fields) {
        if (sibling.name === one.name) sibling.requires = 'size'
        if (sibling.name === 'size') sibling.external.add(owner)
      }
    }
    return
  }
  one.requires = selections.map(({ selection }) => selection).join(' ')
}

function requiredSelection(
  model: Model,
  one: Field,
  { owner, random }: { owner: string; random: Random },
): string | null {
  const name = namedType(one.type)
  const head = `${one.name}${requiredArguments(one, random)}`
  if (leaves.includes(name)) return head
  const leafFields = (type: ObjectType) =>
    type.fields.filter(
      (candidate) =>
        candidate.owners.has(owner) &&
        leaves.includes(namedType(candidate.type)) &&
        candidate.args.length === 0 &&
        (type.kind === 'value' || candidate.isKey),
    )
  const object = findObject(model, name)
  if (object) {
    if (!object.homes.has(owner)) return null
    const fields = leafFields(object)
    return fields.length > 0 ? `${head} { ${fields.map((candidate) => candidate.name).join(' ')} }` : null
  }
  const behind = [
    ...(model.unions.find((union) => union.name === name)?.members ??
      interfaceNamed(model, name)?.implementers ??
      []),
  ]
  const fragments = behind
    .map((member) => objectNamed(model, member))
    .filter(({ homes }) => homes.has(owner))
    .flatMap((member) => {
      const fields = leafFields(member)
      return fields.length > 0
        ? [`... on ${member.name} { ${fields.map((candidate) => candidate.name).join(' ')} }`]
        : []
    })
  return fragments.length > 0 ? `${head} { __typename ${fragments.join(' ')} }` : null
}

function requiredArguments({ args }: Field, random: Random): string {
  const literals: Record<string, string> = {
    n: '3',
    need: '5',
    color: 'BLUE',
    ids: '[["x"], null]',
    blob: '{ a: [1, "b"] }',
    filter: '{ n: 1 }',
    representations: '"r"',
  }
  const given = args.filter(
    ({ type, defaultValue }) => (type.endsWith('!') && defaultValue === null) || random.chance(0.6),
  )
  return given.length > 0 ? `(${given.map(({ name }) => `${name}: ${literals[name]}`).join(', ')})` : ''
}
