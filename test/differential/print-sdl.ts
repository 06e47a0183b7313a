import { print } from 'graphql'
import {
  colors,
  type Field,
  type InterfaceType,
  inaccessibleColor,
  interfaceFieldsIn,
  isDeclaredIn,
  type Model,
  type ObjectType,
} from './model.ts'

const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: [
  "@key" "@requires" "@provides" "@external" "@shareable" "@override" "@inaccessible" "@interfaceObject"
])`

const inputs = `scalar Blob
input Filter { n: Int = 3 color: Color names: [String!] blob: Blob deeper: Filter }`

/** What one subgraph publishes. */
export function subgraphSdl(model: Model, subgraph: string): string {
  const interfaces = model.interfaces.map((one) => printInterface(model, one, subgraph))
  const objects = model.objects.filter(({ homes }) => homes.has(subgraph))
  const unions = model.unions.map(({ name, members }) => ({
    name,
    here: members.filter((member) => objects.some((object) => object.name === member)),
  }))
  return [
    link,
    `enum Color { ${colors.map((color) => (color === inaccessibleColor ? `${color} @inaccessible` : color)).join(' ')} }`,
    inputs,
    ...interfaces,
    ...unions
      .filter(({ here }) => here.length > 0)
      .map(({ name, here }) => `union ${name} = ${here.join(' | ')}`),
    ...objects.map((object) => printObject(model, object, subgraph)),
  ]
    .filter((text) => text !== '')
    .join('\n')
}

function printInterface(model: Model, type: InterfaceType, subgraph: string): string {
  const fields = interfaceFieldsIn(model, type, subgraph)
  if (fields.length === 0) return ''
  if (type.entity?.object === subgraph) {
    return block(
      `type ${type.name} @interfaceObject @key(fields: "id")`,
      fields.map((one) => printField(one, subgraph)),
    )
  }
  const key = type.entity?.home === subgraph ? ' @key(fields: "id")' : ''
  return block(`interface ${type.name}${key}`, fields.map(printPlainField))
}

function printObject(model: Model, object: ObjectType, subgraph: string): string {
  const keys = (object.homes.get(subgraph) ?? []).map(
    ({ fields, resolvable }) => ` @key(fields: "${fields}"${resolvable ? '' : ' resolvable: false'})`,
  )
  const fields = object.fields.filter((one) => isDeclaredIn(subgraph, one))
  const implemented = model.interfaces.filter(
    (one) => one.implementers.includes(object.name) && interfaceFieldsIn(model, one, subgraph).length > 0,
  )
  const head = `type ${object.name}${implementsClause(implemented)}${keys.join('')}`
  return fields.length === 0
    ? ''
    : block(
        head,
        fields.map((one) => printField(one, subgraph)),
      )
}

function printField(one: Field, subgraph: string): string {
  const provides = one.provides.get(subgraph)
  const isOwner = one.owners.has(subgraph)
  const isShareable = isOwner && (one.owners.size > 1 || one.isProvided)
  const directives = [
    isShareable ? ' @shareable' : '',
    one.external.has(subgraph) && !isOwner ? ' @external' : '',
    one.requires && isOwner ? ` @requires(fields: ${JSON.stringify(one.requires)})` : '',
    provides ? ` @provides(fields: "${provides}")` : '',
    one.overrides && isOwner ? ` @override(from: "${one.overrides}")` : '',
    one.isInaccessible && isOwner ? ' @inaccessible' : '',
  ]
  return printPlainField(one) + directives.join('')
}

function printPlainField({ name, type, args }: Field): string {
  const printed = args.map(
    (argument) =>
      `${argument.name}: ${argument.type}${argument.defaultValue === null ? '' : ` = ${argument.defaultValue}`}`,
  )
  return `${name}${printed.length > 0 ? `(${printed.join(', ')})` : ''}: ${print(type)}`
}

function implementsClause(interfaces: readonly { name: string }[]): string {
  return interfaces.length > 0 ? ` implements ${interfaces.map(({ name }) => name).join(' & ')}` : ''
}

function block(head: string, lines: readonly string[]): string {
  return `${head} {\n  ${lines.join('\n  ')}\n}`
}

/** The one schema that holds everything, as clients are to see it. */
export function wholeSdl(model: Model): string {
  const interfaces = model.interfaces
    .map((type) => ({
      name: type.name,
      fields: new Set(model.subgraphs.flatMap((subgraph) => interfaceFieldsIn(model, type, subgraph))),
      type,
    }))
    .map(({ name, fields, type }) => ({ name, type, names: new Set([...fields].map((one) => one.name)) }))
  const isShown = ({ isInaccessible }: Field) => !isInaccessible
  const objects = model.objects.filter(({ homes }) => homes.size > 0)
  return [
    `enum Color { ${colors.filter((color) => color !== inaccessibleColor).join(' ')} }`,
    inputs,
    ...interfaces.map(({ name, names, type }) => {
      const fields = objects.find((object) => object.name === type.implementers[0])?.fields ?? []
      return block(`interface ${name}`, fields.filter((one) => names.has(one.name)).map(printPlainField))
    }),
    ...model.unions.map(({ name, members }) => `union ${name} = ${members.join(' | ')}`),
    ...objects.map((object) => {
      const implemented = interfaces.filter(({ type }) => type.implementers.includes(object.name))
      return block(
        `type ${object.name}${implementsClause(implemented)}`,
        object.fields.filter(isShown).map(printPlainField),
      )
    }),
  ].join('\n')
}
