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
 * @param enough lists are not measured further than that
 * @returns in characters, roughly, with one for each field that is left out: whoever reads the value looks for it;
 *   `Infinity` where there is no end
 */
export function defaultLengths(
  document: DocumentNode,
  enough: number,
): Map<InputValueDefinitionNode, number> {
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
      let length = 0
      for (const item of value.values) {
        length += 1 + lengthOf(item, itemType)
        if (length > enough) break
      }
      return length
    }
    if (value.kind !== Kind.OBJECT) return (value.loc?.end ?? 0) - (value.loc?.start ?? 0)
    const given = new Map(value.fields.map((field) => [field.name.value, field.value]))
    const declared = inputs.get(namedTypeOf(type)) ?? []
    const unknown = new Map(given)
    const ofFields = declared.map((field) => {
      const name = field.name.value
      unknown.delete(name)
      const one = given.get(name)
      if (one) return name.length + lengthOf(one, field.type)
      return field.defaultValue ? name.length + lengthOfDefault(field) : 1
    })
    // Fields that its type does not have are a fault of composition; they are long all the same.
    return sum([...ofFields, ...[...unknown].map(([name, one]) => name.length + lengthOf(one, type))])
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
