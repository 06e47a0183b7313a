import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { JWK } from 'jose'
import { z } from 'zod'
import { TrellisError } from '../../foundation/errors.ts'
import { lambdaAudience } from '../../foundation/gateway-token.ts'
import { isStorableText } from '../../foundation/storable-text.ts'
import type { ModuleRegistration, RegistrationReply } from '../../schema/registration.ts'
import type { Changed } from '../registry/change-judged.ts'
import { isAllowedAddress, type ModuleAddresses } from '../registry/module-addresses.ts'
import type { ClientSdl } from '../registry/publish-client-sdl.ts'
import { type Instance, leaseSeconds, type Registration } from '../registry/register-instance.ts'
import type { Refusal } from '../registry/tell-refusal.ts'
import { type ModuleCredentials, requireModule } from './module-credentials.ts'
import { parseInput } from './parse-input.ts'

export type RegistrationOptions = {
  credentials: ModuleCredentials
  /** Where instances may be. */
  addresses: ModuleAddresses
  register(instance: Instance): Promise<Registration>
  remove(instance: Pick<Instance, 'module' | 'id'>): Promise<void>
  publish(sdl: ClientSdl): Promise<Changed<void>>
}

const text = z.string().refine(isStorableText, 'not well-formed, or with NUL')

const paramsSchema = z.object({ name: z.string(), id: z.string().regex(/^[\w-]{1,64}$/) })

/** Public keys of the one kind that tokens are signed with; a private half has no business here. */
const publicKeySchema = z.custom<JWK>(
  (value) =>
    z
      .object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string(), d: z.never().optional() })
      .safeParse(value).success,
)

const registrationSchema: z.ZodType<ModuleRegistration> = z.object({
  sdl: text.max(1_000_000),
  version: text.min(1).max(100),
  url: z.url({ protocol: /^https?$/ }),
  tokenKeys: z.array(publicKeySchema).max(100).optional(),
})

const clientParamsSchema = z.object({ name: z.string(), client: text })
const sdlSchema = z.object({ sdl: text.min(1).max(1_000_000) })

/** `PUT` and `DELETE /modules/:name/instances/:id`, `/modules/:name/clients/:client/sdl`: the treaty is schema/registration.ts. */
export function addRegistrationRoute(server: FastifyInstance, options: RegistrationOptions): void {
  const url = '/modules/:name/instances/:id'
  const admitModule = (request: FastifyRequest) => {
    const { name, id } = parseInput(paramsSchema, request.params)
    requireModule(request, name, options.credentials)
    return { name, id }
  }
  server.put(url, async (request, reply) => {
    const { name, id } = admitModule(request)
    const registration = parseInput(registrationSchema, request.body)
    if (!isAllowedAddress(options.addresses, name, registration.url)) {
      throw new TrellisError('FORBIDDEN', `The module ${name} may not be served from ${registration.url}.`)
    }
    requireSdl(name, registration.sdl)
    const registered = await options.register({ ...registration, module: name, id })
    if (registered.ok) return { leaseSeconds } satisfies RegistrationReply
    return reply.status(422).send({ errors: registered.errors.map(shown) })
  })
  server.delete(url, async (request, reply) => {
    const { name, id } = admitModule(request)
    await options.remove({ module: name, id })
    return reply.status(204).send()
  })

  const clientUrl = '/modules/:name/clients/:client/sdl'
  const publish = async (request: FastifyRequest, reply: FastifyReply, read: () => string | null) => {
    const { name, client } = parseInput(clientParamsSchema, request.params)
    requireModule(request, name, options.credentials)
    const published = await options.publish({ module: name, client, sdl: read() })
    if (published.ok) return reply.status(204).send()
    return reply.status(422).send({ errors: published.errors.map(shown) })
  }
  server.put(clientUrl, (request, reply) =>
    publish(request, reply, () => parseInput(sdlSchema, request.body).sdl),
  )
  server.delete(clientUrl, (request, reply) => publish(request, reply, () => null))
}

/**
 * A module whose SDL is not there, by a fault of its own, would vanish from every graph. The lambda host has none: the
 * plugins' are theirs.
 *
 * @throws {TrellisError} BAD_USER_INPUT
 */
function requireSdl(module: string, sdl: string): void {
  if (module !== lambdaAudience && sdl.trim() === '')
    throw new TrellisError('BAD_USER_INPUT', `The module ${module} registers without an SDL.`)
}

function shown({ message, ...extensions }: Refusal) {
  return { message, extensions }
}
