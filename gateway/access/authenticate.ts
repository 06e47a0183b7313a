import {
  createLocalJWKSet,
  decodeJwt,
  type JWK,
  type JWTVerifyGetKey,
  errors as joseErrors,
  jwtVerify,
} from 'jose'
import { z } from 'zod'
import { TrellisError } from '../../foundation/errors.ts'
import {
  createGatewayTokenVerifier,
  gatewayAudience,
  type VerifyGatewayToken,
} from '../../foundation/gateway-token.ts'
import { rememberVerified } from '../../foundation/remember-verified.ts'
import { keysOf, roles, type Viewer } from '../../foundation/viewer.ts'
import { defaultDepth } from '../../schema/plugin-registry.ts'
import { type ApiKey, hashApiKey } from './api-key.ts'

/** What came with a request, or with a WebSocket's `connection_init`. */
export type Credentials = {
  apiKey: string | undefined
  authorization: string | undefined
  /** Any other header, by its lower-case name. */
  header(name: string): string | undefined
}

/** Who is calling, as long as it `holds`. */
export type Identity = {
  /** Null: a gateway without viewers, `--supergraph`. */
  viewer: Viewer | null
  /** What of the caller's headers is passed on to the subgraphs; nothing by default. */
  forwarded?: Readonly<Record<string, string>>
  /** How many lambdas stand between the caller and what is asked now. */
  depth: number
  /** The keys it rests on: it ends with the first of them. */
  keyIds: readonly string[]
  /** Milliseconds since the epoch; null: does not end by itself. */
  expiresAt: number | null
}

export type Authenticator = {
  /** @throws {TrellisError} UNAUTHENTICATED, CLIENT_MISMATCH, LAMBDA_TOO_DEEP */
  authenticate(credentials: Credentials): Promise<Identity>
  /** Whether an identity established before still stands: not expired, no key of it revoked or of other tags, its client still there. */
  holds(identity: Identity): boolean
}

/** What authentication has to know; asked anew each time, so that it is never older than the registry. */
export type CredentialStore = {
  /** By SHA-256 of the key, hexadecimal. */
  findKey(hash: string): ApiKey | undefined
  keyOf(id: string): ApiKey | undefined
  hasClient(slug: string): boolean
  /** What an operator lets a client's plugin do in its own name. */
  grantedScopes(client: string): readonly string[]
  /** How deep this client's lambdas and graph may call each other, where an operator has said so. */
  allowedDepth(client: string): number | undefined
  /** The public keys of the users module, by which user access tokens are verified. */
  userTokenKeys(): readonly JWK[]
  /** The public keys of the gateway's own replicas. */
  gatewayTokenKeys: JWTVerifyGetKey
}

const userClaimsSchema = z.object({
  sub: z.string().min(1),
  client: z.string().min(1),
  sid: z.string().min(1),
  roles: z.array(z.enum(roles)),
  exp: z.number(),
})

type ViewerIdentity = Identity & { viewer: Viewer }

/** Decides client and viewer from what the caller presents. The table is in the contract, "Who is calling". */
export function createAuthenticator(store: CredentialStore): Authenticator {
  const holds = ({ viewer, keyIds, expiresAt }: Identity) =>
    (expiresAt === null || expiresAt > Date.now()) &&
    keyIds.every((id) => store.keyOf(id)) &&
    (viewer?.kind !== 'PARTNER' || hasTags(store.keyOf(viewer.keyId), viewer.tags)) &&
    (viewer === null || viewer.kind === 'OPERATOR' || store.hasClient(viewer.client))

  const verifyOwn = createGatewayTokenVerifier(gatewayAudience, store.gatewayTokenKeys)
  const identifyToken = rememberVerified(
    (token) =>
      issuerOf(token) === 'trellis-gateway'
        ? identifyLambda(token, verifyOwn, store)
        : identifyUser(token, store),
    // How deep a lambda may ask, and with which scopes, is decided anew each time.
    { endsAt: ({ expiresAt }) => expiresAt, basis: textOfKeys(store), keeps: ({ depth }) => depth === 0 },
  )

  return {
    async authenticate({ apiKey, authorization }) {
      const byKey = apiKey === undefined ? null : identifyKey(apiKey, store)
      const byToken = authorization === undefined ? null : await identifyToken(readBearer(authorization))
      const identity = byKey && byToken ? combine(byKey, byToken) : (byKey ?? byToken)
      if (!identity)
        throw unauthenticated('Send an API key (x-api-key) or an access token (authorization: Bearer).')
      if (!holds(identity)) throw unauthenticated('The credential is unknown, revoked or expired.')
      return identity
    },
    holds,
  }
}

/** Which graph a partner sees was chosen by the tags: with others it is another partner. */
function hasTags(key: ApiKey | undefined, tags: readonly string[]): boolean {
  return JSON.stringify(key?.tags) === JSON.stringify(tags)
}

function identifyKey(secret: string, store: CredentialStore): ViewerIdentity {
  const key = store.findKey(hashApiKey(secret))
  if (!key) throw unauthenticated('The API key is unknown, revoked or expired.')
  return {
    viewer: viewerOfKey(key),
    depth: 0,
    keyIds: [key.id],
    expiresAt: key.expiresAt?.getTime() ?? null,
  }
}

function viewerOfKey({ id, kind, client, tags }: ApiKey): Viewer {
  if (kind === 'OPERATOR') return { kind, keyId: id }
  if (client === null) throw unauthenticated('The API key belongs to no client.')
  switch (kind) {
    case 'PUBLISHABLE':
      return { kind: 'FRONTEND', client, keyId: id }
    case 'SECRET':
      return { kind: 'SERVER', client, keyId: id }
    case 'PARTNER':
      return { kind: 'PARTNER', client, keyId: id, tags }
    case 'DEPLOY':
      return { kind: 'DEPLOYER', client, keyId: id }
    default:
      return kind satisfies never
  }
}

/** A person's access token, or the gateway's own token that a lambda hands back. */
function readBearer(authorization: string): string {
  const token = /^Bearer +([\w.~+/=-]+)$/i.exec(authorization)?.[1]
  if (!token) throw unauthenticated('The authorization header is not of the form: Bearer <access token>.')
  return token
}

async function identifyUser(token: string, store: CredentialStore): Promise<ViewerIdentity> {
  try {
    const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: [...store.userTokenKeys()] }), {
      issuer: 'trellis-users',
      audience: 'trellis',
      algorithms: ['EdDSA'],
    })
    const { sub, client, sid, roles, exp } = userClaimsSchema.parse(payload)
    const viewer: Viewer = { kind: 'USER', client, userId: sub, sessionId: sid, roles }
    return { viewer, depth: 0, keyIds: [], expiresAt: exp * 1000 }
  } catch (error) {
    if (!(error instanceof joseErrors.JOSEError || error instanceof z.ZodError)) throw error
    throw unauthenticated('The access token is not valid, or has expired.')
  }
}

/** The registry hands out the same list as long as nothing has changed; most of the time it is not written out anew. */
function textOfKeys({ userTokenKeys }: CredentialStore): () => string {
  let keys: readonly JWK[] | null = null
  let text = ''
  return () => {
    const now = userTokenKeys()
    if (now !== keys) text = JSON.stringify(now)
    keys = now
    return text
  }
}

/**
 * What a lambda asks of the graph runs with the rights of whoever called the lambda, or of the plugin, and one step deeper.
 * The plugin's are those that are granted now: one that was taken away while the token lives is gone.
 */
async function identifyLambda(
  token: string,
  verify: VerifyGatewayToken,
  store: CredentialStore,
): Promise<ViewerIdentity> {
  const { viewer, depth, expiresAt } = await verify(token)
  const deepest = (viewer.kind === 'OPERATOR' ? null : store.allowedDepth(viewer.client)) ?? defaultDepth
  if (depth >= deepest)
    throw new TrellisError('LAMBDA_TOO_DEEP', `Lambdas and graph call each other ${deepest} deep at most.`)
  return {
    viewer: viewer.kind === 'PLUGIN' ? { ...viewer, scopes: store.grantedScopes(viewer.client) } : viewer,
    depth: depth + 1,
    keyIds: keysOf(viewer),
    expiresAt,
  }
}

/**
 * Both must name the same client. The person counts rather than a publishable or secret key, so that `me` is somebody;
 * a partner's or deployer's key keeps its narrower rights whoever is signed in.
 */
function combine(byKey: ViewerIdentity, byToken: ViewerIdentity): ViewerIdentity {
  if (clientOf(byKey.viewer) !== clientOf(byToken.viewer)) {
    throw new TrellisError('CLIENT_MISMATCH', 'The API key and the access token belong to different clients.')
  }
  const isNarrow = byKey.viewer.kind === 'PARTNER' || byKey.viewer.kind === 'DEPLOYER'
  const ends = [byKey.expiresAt, byToken.expiresAt].filter((end) => end !== null)
  return {
    viewer: isNarrow ? byKey.viewer : byToken.viewer,
    depth: byToken.depth,
    keyIds: [...byKey.keyIds, ...byToken.keyIds],
    expiresAt: ends.length > 0 ? Math.min(...ends) : null,
  }
}

function clientOf(viewer: Viewer): string | null {
  return viewer.kind === 'OPERATOR' ? null : viewer.client
}

/** Read before anything is verified: it only chooses by whose keys the token has to be valid. */
function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss
  } catch (error) {
    if (error instanceof joseErrors.JOSEError) return undefined
    throw error
  }
}

function unauthenticated(message: string): TrellisError {
  return new TrellisError('UNAUTHENTICATED', message)
}
