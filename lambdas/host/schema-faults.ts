import type { GraphQLError } from 'graphql'
import { findInFiles } from '../../foundation/find-in-files.ts'
import type { SdlFault } from './check-sdl.ts'
import { buildPluginSchema } from './plugin-schema.ts'

/** What the GraphQL library finds once the form is right: unknown types, fields that do not fit their interface. */
export function schemaFaults(sdl: string): SdlFault[] {
  try {
    buildPluginSchema(sdl, [])
    return []
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const located = 'errors' in error && Array.isArray(error.errors) ? error.errors : []
    if (located.length === 0) return error.message.split('\n\n').map((message) => namedFault(message, sdl))
    return located.map(({ message, locations }: GraphQLError) => ({
      code: 'SDL_INVALID',
      message,
      line: locations?.[0]?.line ?? null,
    }))
  }
}

/** Some of what it finds it tells without a place, but with the name of what is wrong. */
function namedFault(message: string, sdl: string): SdlFault {
  const name = /"@?(?:\w+\.)?(\w+)"/.exec(message)?.[1]
  const place = name === undefined ? null : findInFiles(name, [{ path: '', content: sdl }])
  return { code: 'SDL_INVALID', message, line: place?.line ?? null }
}
