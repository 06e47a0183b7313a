import { readFile } from 'node:fs/promises'
import { Kind, parse } from 'graphql'

/** What belongs to the core modules: no plugin may say it again. Field names are `Type.field`, root fields included. */
export type CoreTypes = {
  names: ReadonlySet<string>
  entities: ReadonlySet<string>
  fields: ReadonlySet<string>
}

const coreFiles = ['prelude', 'users', 'data', 'analytics', 'notifications']

/** Reads the core modules' SDL, which is the treaty in `schema/`. */
export async function readCoreTypes(): Promise<CoreTypes> {
  const texts = await Promise.all(
    coreFiles.map((name) => readFile(new URL(`../../schema/${name}.graphql`, import.meta.url), 'utf8')),
  )
  const names = new Set<string>()
  const entities = new Set<string>()
  const fields = new Set<string>()
  for (const node of texts.flatMap((text) => parse(text).definitions)) {
    if (!('name' in node) || !node.name || node.kind === Kind.DIRECTIVE_DEFINITION) continue
    const name = node.name.value
    names.add(name)
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.OBJECT_TYPE_EXTENSION) continue
    if (node.directives?.some((directive) => directive.name.value === 'key')) entities.add(name)
    for (const field of node.fields ?? []) fields.add(`${name}.${field.name.value}`)
  }
  return { names, entities, fields }
}
