import {
  type GraphQLArgument,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from 'graphql'
import type { Random } from './random.ts'

/** Collects the variables of one operation while its arguments are written. */
export type Variables = {
  declarations: string[]
  values: Record<string, unknown>
  write(args: readonly GraphQLArgument[]): string
  /** A variable of that type, with a value. */
  variable(type: 'Boolean!'): string
}

const names = ['v', 'representations', 'n', 'id', 'trellis', 'if']

export function createArguments(random: Random): Variables {
  const declarations: string[] = []
  const values: Record<string, unknown> = {}
  const conditions: string[] = []

  function newName(): string {
    const index = declarations.length
    return index < names.length &&
      random.chance(0.5) &&
      !declarations.some((one) => one.startsWith(`$${names[index]}:`))
      ? `${names[index]}`
      : `var${index}`
  }

  /** Null, a value, or absent, as the type and the default allow. */
  function declare(type: GraphQLInputType, hasLocationDefault: boolean): string {
    const name = newName()
    const nullable = isNonNullType(type) ? type.ofType : type
    const isStrict = isNonNullType(type) && (!hasLocationDefault || random.chance(0.5))
    const hasDefault = random.chance(0.3)
    const declared = isStrict && !(hasDefault && random.chance(0.5)) ? `${nullable}!` : `${nullable}`
    const isDeclaredStrict = declared.endsWith('!')
    declarations.push(`$${name}: ${declared}${hasDefault ? ` = ${literal(nullable, 0)}` : ''}`)
    const mayBeAbsent = hasDefault || !isDeclaredStrict
    if (mayBeAbsent && random.chance(0.35)) return `$${name}`
    values[name] = isDeclaredStrict || random.chance(0.8) ? value(nullable) : null
    return `$${name}`
  }

  function literal(type: GraphQLInputType, depth: number): string {
    if (isNonNullType(type)) return literal(type.ofType, depth)
    if (depth > 0 && random.chance(0.1)) return 'null'
    if (isListType(type)) {
      const { ofType } = type
      return `[${Array.from({ length: random.int(3) }, () => literal(ofType, isNonNullType(ofType) ? 0 : depth + 1)).join(', ')}]`
    }
    if (!isInputObjectType(type)) return JSON.stringify(scalar(type)).replaceAll(/"(GREEN|RED|BLUE)"/g, '$1')
    const fields = random.some(Object.values(type.getFields()), depth > 1 ? 0.1 : 0.4)
    return `{ ${fields.map((field) => `${field.name}: ${literal(field.type, depth + 1)}`).join(', ')} }`
  }

  function value(type: GraphQLInputType): unknown {
    if (isNonNullType(type)) return value(type.ofType)
    if (isListType(type)) {
      const { ofType } = type
      return Array.from({ length: random.int(3) }, () =>
        isNonNullType(ofType) || random.chance(0.8) ? value(ofType) : null,
      )
    }
    if (!isInputObjectType(type)) return scalar(type)
    const fields = random.some(Object.values(type.getFields()), 0.3)
    return Object.fromEntries(fields.map((field) => [field.name, value(field.type)]))
  }

  function scalar(type: GraphQLInputType): unknown {
    if (isEnumType(type)) return random.pick(type.getValues()).name
    switch (String(type)) {
      case 'Int':
        return random.int(100)
      case 'Float':
        return random.int(100) / 4
      case 'Boolean':
        return random.chance(0.5)
      case 'Blob':
        return random.pick([1, 'text', true, [1, [2]], []])
      default:
        return random.pick(['', 'x', 'a"b', 'é😀', '$v'])
    }
  }

  /** An argument's value, with a variable in it here and there. */
  function written(type: GraphQLInputType, hasDefault: boolean): string {
    if (random.chance(0.45)) return declare(type, hasDefault)
    const nullable = isNonNullType(type) ? type.ofType : type
    if (isListType(nullable) && random.chance(0.4))
      return `[${literal(nullable.ofType, 0)}, ${declare(nullable.ofType, false)}]`
    if (isInputObjectType(nullable) && random.chance(0.4)) {
      const field = random.pick(Object.values(nullable.getFields()))
      return `{ ${field.name}: ${written(field.type, field.defaultValue !== undefined)} }`
    }
    if (String(nullable) === 'Blob' && random.chance(0.2))
      return `{ a: [${declare(nullable, false)}], b: "x" }`
    return !isNonNullType(type) && random.chance(0.1) ? 'null' : literal(nullable, 0)
  }

  return {
    declarations,
    values,
    write(args) {
      const given = args.flatMap(({ name, type, defaultValue }) => {
        const isNeeded = isNonNullType(type) && defaultValue === undefined
        if (!isNeeded && random.chance(0.4)) return []
        return [`${name}: ${written(type, defaultValue !== undefined)}`]
      })
      return given.length > 0 ? `(${given.join(', ')})` : ''
    },
    variable() {
      if (conditions.length > 0 && random.chance(0.5)) return random.pick(conditions)
      const name = `on${conditions.length}`
      conditions.push(`$${name}`)
      const hasDefault = random.chance(0.3)
      declarations.push(`$${name}: Boolean!${hasDefault ? ' = true' : ''}`)
      if (!hasDefault || random.chance(0.5)) values[name] = random.chance(0.5)
      return `$${name}`
    },
  }
}
