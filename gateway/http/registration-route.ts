import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { JWK } from 'jose'
import { z } from 'zod'
import type { ModuleRegistration, RegistrationReply } from '../../schema/registration.ts'
import { type Instance, leaseSeconds, type Registration } from '../registry/register-instance.ts'
import { type ModuleCredentials, requireModule } from './module-credentials.ts'
import { parseInput } from './parse-input.ts'

export type RegistrationOptions = {
  credentials: ModuleCredentials
  register(instance: Instance): Promise<Registration>
  remove(instance: Pick<Instance, 'module' | 'id'>): Promise<void>
}

const paramsSchema = z.object({ name: z.string(), id: z.string().regex(/^[\w-]{1,64}$/) })

/** Public keys of the one kind that tokens are signed with; a private half has no business here. */
const publicKeySchema = z.custom<JWK>(
  (value) =>
    z
      .object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string(), d: z.never().optional() })
      .safeParse(value).success,
)

const registrationSchema: z.ZodType<ModuleRegistration> = z.object({
  sdl: z.string().max(1_000_000),
  version: z.string().min(1).max(100),
  url: z.url({ protocol: /^https?$/ }),
  tokenKeys: z.array(publicKeySchema).max(100).optional(),
})

/** `PUT` and `DELETE /modules/:name/instances/:id`: the treaty is schema/registration.ts. */
export function addRegistrationRoute(server: FastifyInstance, options: RegistrationOptions): void {
  const url = '/modules/:name/instances/:id'
  const admitModule = (request: FastifyRequest) => {
    const { name, id } = parseInput(paramsSchema, request.params)
    requireModule(request, name, options.credentials)
    return { name, id }
  }
  server.put(url, async (request, reply) => {
    const { name, id } = admitModule(request)
    const registered = await options.register({
      ...parseInput(registrationSchema, request.body),
      module: name,
      id,
    })
    if (registered.ok) return { leaseSeconds } satisfies RegistrationReply
    const errors = registered.errors.map(({ message, code, subgraph }) => ({
      message,
      extensions: { code, subgraph },
    }))
    return reply.status(422).send({ errors })
  })
  server.delete(url, async (request, reply) => {
    const { name, id } = admitModule(request)
    await options.remove({ module: name, id })
    return reply.status(204).send()
  })
}
