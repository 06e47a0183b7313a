import { z } from 'zod'

/** What a plugin's evaluation says of itself. It comes out of the isolate: nothing of it is taken on trust. */
export const pluginDescriptionSchema = z.object({
  typeDefs: z.unknown(),
  settings: z.array(z.string()),
  functions: z.array(z.tuple([z.string(), z.array(z.string())])),
  rules: z.array(z.string()),
  handlers: z.array(z.string()),
  needs: z.unknown(),
})

export type PluginDescription = z.infer<typeof pluginDescriptionSchema>
