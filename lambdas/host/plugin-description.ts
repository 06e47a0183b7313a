import { z } from 'zod'
import { TrellisError } from '../../foundation/errors.ts'

const pluginDescriptionSchema = z.object({
  // JSON leaves out what is undefined: a plugin of rules and handlers has none.
  typeDefs: z.unknown().optional(),
  settings: z.array(z.string()),
  functions: z.array(z.tuple([z.string(), z.array(z.string())])),
  rules: z.array(z.string()),
  handlers: z.array(z.string()),
  needs: z.unknown(),
})

/** What a plugin's evaluation says of itself. */
export type PluginDescription = z.infer<typeof pluginDescriptionSchema>

/**
 * It comes out of the isolate: nothing of it is taken on trust.
 *
 * @throws {TrellisError} LAMBDA_INVALID_RESULT
 */
export function readDescription(text: string): PluginDescription {
  const parsed = pluginDescriptionSchema.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  const message = 'What plugin.ts exports cannot be read: does it change how the language writes JSON?'
  throw new TrellisError('LAMBDA_INVALID_RESULT', message)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
