import {
  type FieldNode,
  Kind,
  parse,
  type SelectionSetNode,
  type TypeNode,
  valueFromASTUntyped,
} from 'graphql'
import {
  colors,
  type Field,
  fieldNamed,
  findObject,
  instances,
  leaves,
  type Model,
  namedType,
  type ObjectType,
  objectNamed,
  objectsBehind,
  possibleTypes,
} from './model.ts'
import { fractionOf, hashOf } from './random.ts'
import { parseSelection, requiredFields } from './required-fields.ts'

/** One thing of the world. Entities are numbered, values are named by the place they stand at. */
export type Instance = {
  /** As whoever resolves it calls it: an interface object has the interface's name. */
  __typename: string
  type: ObjectType
  key: string
  /** What the gateway sent of it. */
  sent?: Sent
}

export type Sent = Readonly<Record<string, unknown>>

/**
 * How likely each fault is, at every field and every element of a list. A field that may not be null and that some
 * `@requires` takes is spared: a subgraph that fails in it answers null for all that is around it, which nobody selected.
 */
export type FaultRates = { error: number; null: number; unfit: number }

export type Truth = {
  /**
   * What a field answers: plain values, instances, lists; an Error instead of a value is a fault.
   *
   * @param circumstance what else the value depends on: what happened before a mutation, the number of an event
   */
  read(instance: Instance, field: Field, given: Given): unknown
  /** What `@requires` asks for, from the world itself. @throws where any part of it is a fault */
  required(instance: Instance, selection: string): unknown
  /** The same, out of what the gateway sent. */
  requiredOf(type: ObjectType, sent: Sent, selection: string): unknown
  /** The instance that a representation means; null for none. */
  find(typename: string, sent: Sent): Instance | null
}

export type Given = { args: Readonly<Record<string, unknown>>; required?: unknown; circumstance?: string }

/** Every leaf type but Blob refuses it. */
const unfit = Object.freeze({ unfit: true })

export class Fault extends Error {
  override name = 'Fault'
}

export function createTruth(model: Model, seed: string, faults: FaultRates): Truth {
  const spared = requiredFields(model)

  function read(
    { type, key }: Instance,
    field: Field,
    { args, required, circumstance = '' }: Given,
  ): unknown {
    if (field.isKey) return readKey({ type, key }, field)
    const place = [
      seed,
      type.name,
      key,
      field.name,
      canonical(args),
      canonical(required ?? null),
      circumstance,
    ]
    return produce(field.type, field, place.join('/'))
  }

  function produce(type: TypeNode, field: Field, place: string): unknown {
    const isNonNull = type.kind === Kind.NON_NULL_TYPE
    const luck = fractionOf(`${place}?`)
    const isSpared = isNonNull && field.type.kind === Kind.NON_NULL_TYPE && spared.has(field)
    if (luck < faults.error && !isSpared) return new Fault(`No luck at ${place.slice(seed.length + 1)}.`)
    if (luck > 1 - (isNonNull ? faults.null : 0.12) && !isSpared) return null
    const nullable = isNonNull ? type.type : type
    if (nullable.kind === Kind.LIST_TYPE) {
      const length = hashOf(`${place}#`) % 4
      return Array.from({ length }, (_, index) => produce(nullable.type, field, `${place}.${index}`))
    }
    const name = nullable.name.value
    if (leaves.includes(name)) {
      return name !== 'Blob' && !isSpared && fractionOf(`${place}!`) < faults.unfit
        ? unfit
        : leaf(name, hashOf(place))
    }
    return instanceOf(field, hashOf(place), place)
  }

  function instanceOf(field: Field, hash: number, place: string): Instance | null {
    const possible = possibleTypes(model, field)
    const name = possible[hash % possible.length]
    if (name === undefined) return null
    const type = objectNamed(model, name)
    const key = type.kind === 'entity' ? String((hash >>> 8) % instances) : String(hashOf(`${place}/`))
    return { __typename: name, type, key }
  }

  /** Unique for each instance, except `kin`, which never is a key alone. */
  function readKey({ type, key }: Pick<Instance, 'type' | 'key'>, field: Field): unknown {
    const name = namedType(field.type)
    const object = findObject(model, name)
    if (object) return { __typename: name, type: object, key }
    return name === 'Int' ? (Number(key) % 100_000) + 10 : `${type.name}-${field.name}-${key}`
  }

  function select(instance: Instance, selectionSet: SelectionSetNode): Record<string, unknown> {
    const selected: Record<string, unknown> = {}
    for (const node of fieldsFor(instance.type.name, selectionSet)) {
      if (node.name.value === '__typename') continue
      const field = fieldNamed(instance.type, node.name.value)
      const depends = field.requires === null ? undefined : select(instance, parseSelection(field.requires))
      const value = read(instance, field, { args: argumentsOf(field, node), required: depends })
      selected[field.name] = complete(value, field.type, node.selectionSet)
    }
    return selected
  }

  function complete(value: unknown, type: TypeNode, selectionSet: SelectionSetNode | undefined): unknown {
    if (value instanceof Fault) throw value
    if (value === unfit) throw new Fault('Unfit.')
    if (type.kind === Kind.NON_NULL_TYPE) {
      if (value === null) throw new Fault('Null where none may be.')
      return complete(value, type.type, selectionSet)
    }
    if (Array.isArray(value) && type.kind === Kind.LIST_TYPE)
      return value.map((element) => complete(element, type.type, selectionSet))
    return isInstance(value) && selectionSet ? select(value, selectionSet) : value
  }

  return {
    read,
    required: (instance, selection) => select(instance, parseSelection(selection)),
    requiredOf: (type, sent, selection) => received(type.name, sent, parseSelection(selection)),
    find(typename, sent) {
      for (const name of objectsBehind(model, typename)) {
        const type = objectNamed(model, name)
        const keys = type.fields.filter(({ isKey, name: field }) => isKey && sent[field] !== undefined)
        for (let index = 0; index < instances && keys.length > 0; index++) {
          const instance = { __typename: name, type, key: String(index) }
          if (keys.every((field) => isSame(readKey(instance, field), sent[field.name]))) return instance
        }
      }
      return null
    },
  }

  /** Whether what was sent of a key is what the instance has there. */
  function isSame(value: unknown, sent: unknown): boolean {
    if (!isInstance(value)) return value === sent
    if (typeof sent !== 'object' || sent === null) return false
    return Object.entries(sent).every(([name, part]) => {
      return name === '__typename' || isSame(readKey(value, fieldNamed(value.type, name)), part)
    })
  }
}

export function isInstance(value: unknown): value is Instance {
  return typeof value === 'object' && value !== null && 'type' in value && 'key' in value
}

/** The fields selected on an object of that type. `@requires` has fragments on object types only. */
function fieldsFor(typename: string, { selections }: SelectionSetNode): FieldNode[] {
  return selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [selection]
    if (selection.kind !== Kind.INLINE_FRAGMENT || selection.typeCondition?.name.value !== typename) return []
    return fieldsFor(typename, selection.selectionSet)
  })
}

function received(typename: unknown, sent: unknown, selectionSet: SelectionSetNode): unknown {
  if (Array.isArray(sent)) return sent.map((element) => received(undefined, element, selectionSet))
  if (typeof sent !== 'object' || sent === null) return sent
  const source = sent as Sent
  const ownType = String(typename ?? source.__typename ?? '')
  const selected: Record<string, unknown> = {}
  for (const { name, selectionSet: inner } of fieldsFor(ownType, selectionSet)) {
    if (name.value === '__typename') continue
    if (!Object.hasOwn(source, name.value)) throw new Error(`Asked without ${name.value}, which it requires.`)
    const value = source[name.value]
    selected[name.value] = inner ? received(undefined, value, inner) : value
  }
  return selected
}

/** With the defaults that graphql-js fills in where the field is asked for over the wire. */
function argumentsOf({ args }: Field, { arguments: given = [] }: FieldNode): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const { name, defaultValue } of args) {
    const node = given.find((argument) => argument.name.value === name)
    if (node) values[name] = coerced(name, valueFromASTUntyped(node.value))
    else if (defaultValue !== null) values[name] = coerced(name, literal(defaultValue))
  }
  return values
}

/** `Filter` has a default of its own for `n`. */
function coerced(name: string, value: unknown): unknown {
  return name === 'filter' && typeof value === 'object' && value !== null ? { n: 3, ...value } : value
}

function literal(text: string): unknown {
  const [definition] = parse(`{ a(value: ${text}) }`, { noLocation: true }).definitions
  const selection =
    definition?.kind === Kind.OPERATION_DEFINITION ? definition.selectionSet.selections[0] : undefined
  const value = selection?.kind === Kind.FIELD ? selection.arguments?.[0]?.value : undefined
  return value ? valueFromASTUntyped(value) : undefined
}

function leaf(name: string, hash: number): unknown {
  switch (name) {
    case 'Int':
      return (hash % 2001) - 1000
    case 'Float':
      return ((hash % 4001) - 2000) / 8
    case 'Boolean':
      return hash % 2 === 0
    case 'ID':
      return `id-${hash % 100}`
    case 'Color':
      return colors[hash % 9 === 0 ? 3 : hash % 3]
    case 'Blob':
      return [{ a: [hash % 7, null, { b: 'x' }], __proto: 1 }, ['y', 2.5], hash % 5, 'blob', true][hash % 5]
    default:
      return ['plain', '', '"quoted" \\ back', 'ünïcödé ✓ 😀', '__proto__', ' \n\t', '\u2028</script>'][
        hash % 7
      ]
  }
}

/** JSON in which the order of keys says nothing. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
