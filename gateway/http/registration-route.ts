import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { JWK } from 'jose'
import { z } from 'zod'
import { TrellisError } from '../../foundation/errors.ts'
import type { ModuleRegistration, RegistrationReply } from '../../schema/registration.ts'
import { type Instance, leaseSeconds, type Registration } from '../registry/register-instance.ts'

export type RegistrationOptions = {
  /** Each module's own secret, by the module's name. */
  credentials: ReadonlyMap<string, string>
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
  server.put(url, async (request, reply) => {
    const { name, id } = admitModule(request, options.credentials)
    const registered = await options.register({
      ...parse(registrationSchema, request.body),
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
    const { name, id } = admitModule(request, options.credentials)
    await options.remove({ module: name, id })
    return reply.status(204).send()
  })
}

/** A module that is not known and a secret that is not its own are refused alike, and in the same time. */
function admitModule(
  request: FastifyRequest,
  credentials: ReadonlyMap<string, string>,
): { name: string; id: string } {
  const { name, id } = parse(paramsSchema, request.params)
  const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
  const expected = credentials.get(name)
  const isEqual = timingSafeEqual(digestOf(given), digestOf(expected ?? ''))
  if (!isEqual || !expected)
    throw new TrellisError('UNAUTHENTICATED', 'This is not the credential of that module.')
  return { name, id }
}

/** Digests have the same length whatever was sent, which the comparison in constant time needs. */
function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new TrellisError('BAD_USER_INPUT', faults.join('; '))
}
