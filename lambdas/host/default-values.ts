import {
  type DocumentNode,
  type InputValueDefinitionNode,
  Kind,
  type TypeNode,
  type ValueNode,
} from 'graphql'

/**
 * How long each default value of an SDL is when it is written out: with all that the input types it is made of fill in
 * themselves. Types that fill in one another double it with each step, and one that fills in itself has no end. Everybody
 * who introspects the schema, and every call that leaves the argument out, has it written out.
 *
 * @returns in characters, roughly; `Infinity` where there is no end
 */
export function defaultLengths(document: DocumentNode): Map<InputValueDefinitionNode, number> {
  const inputs = inputFields(document)
  const lengths = new Map<InputValueDefinitionNode, number>()

  const lengthOfDefault = (field: InputValueDefinitionNode): number => {
    if (!field.defaultValue) return 0
    const known = lengths.get(field)
    if (known !== undefined) return known
    // Until it is known: whoever comes by here again has come from here.
    lengths.set(field, Number.POSITIVE_INFINITY)
    const length = lengthOf(field.defaultValue, field.type)
    lengths.set(field, length)
    return length
  }
  const lengthOf = (value: ValueNode, type: TypeNode): number => {
    if (value.kind === Kind.LIST) {
      const itemType = itemTypeOf(type)
      return sum(value.values.map((item) => 1 + lengthOf(item, itemType)))
    }
    if (value.kind !== Kind.OBJECT) return (value.loc?.end ?? 0) - (value.loc?.start ?? 0)
    const given = new Map(value.fields.map((field) => [field.name.value, field.value]))
    const declared = inputs.get(namedTypeOf(type)) ?? []
    const filledIn = declared.filter(({ name }) => !given.has(name.value))
    const typeOf = (name: string) => declared.find((field) => field.name.value === name)?.type ?? type
    return sum([
      ...[...given].map(([name, one]) => name.length + lengthOf(one, typeOf(name))),
      ...filledIn.map((field) => (field.defaultValue ? field.name.value.length + lengthOfDefault(field) : 0)),
    ])
  }

  for (const fields of inputs.values()) for (const field of fields) lengthOfDefault(field)
  for (const argument of argumentsOf(document)) lengthOfDefault(argument)
  return lengths
}

/** Of each input type, with its extensions. */
function inputFields({ definitions }: DocumentNode): Map<string, InputValueDefinitionNode[]> {
  const inputs = new Map<string, InputValueDefinitionNode[]>()
  for (const node of definitions) {
    if (node.kind !== Kind.INPUT_OBJECT_TYPE_DEFINITION && node.kind !== Kind.INPUT_OBJECT_TYPE_EXTENSION)
      continue
    const { value: name } = node.name
    inputs.set(name, [...(inputs.get(name) ?? []), ...(node.fields ?? [])])
  }
  return inputs
}

function argumentsOf({ definitions }: DocumentNode): InputValueDefinitionNode[] {
  const fields = definitions.flatMap((node) => ('fields' in node ? [...(node.fields ?? [])] : []))
  return fields.flatMap((field) => ('arguments' in field ? [...(field.arguments ?? [])] : []))
}

function itemTypeOf(type: TypeNode): TypeNode {
  if (type.kind === Kind.NON_NULL_TYPE) return itemTypeOf(type.type)
  return type.kind === Kind.LIST_TYPE ? type.type : type
}

function namedTypeOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedTypeOf(type.type)
}

function sum(lengths: readonly number[]): number {
  return lengths.reduce((total, length) => total + length, 0)
}
