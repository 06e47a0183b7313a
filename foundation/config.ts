import type { z } from 'zod'

/** A configuration that cannot be used. `message` is complete and names every fault: print it, and nothing else. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/**
 * Reads a service's settings from the environment, once, at the door. Only `main.ts` files and `start.ts` call it.
 *
 * @param schema the settings by variable name. Variables of the platform (`TRELLIS_…`) that no schema of this service
 *   names are refused: a misspelt setting must not be a silent default.
 * @throws {ConfigError} naming every variable that is missing, malformed or unknown
 */
export function parseConfig<Shape extends z.ZodRawShape>(
  schema: z.ZodObject<Shape>,
  env: Readonly<Record<string, string | undefined>>,
): z.infer<z.ZodObject<Shape>> {
  const known = new Set(Object.keys(schema.shape))
  const unknown = Object.keys(env).filter((name) => name.startsWith('TRELLIS_') && !known.has(name))
  const given = Object.fromEntries(
    Object.entries(env).filter(([name, value]) => known.has(name) && value !== ''),
  )
  const parsed = schema.safeParse(given)
  const faults = [
    ...unknown.map((name) => `${name}: there is no such setting`),
    ...(parsed.success
      ? []
      : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)),
  ]
  if (faults.length > 0 || !parsed.success) throw new ConfigError(faults.join('; '))
  return parsed.data
}
