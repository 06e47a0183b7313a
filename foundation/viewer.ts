/**
 * Who is calling: a user or a key within exactly one client, or an operator within none.
 * Decided once, by the gateway, from the caller's credentials; everything behind the gateway receives it in a
 * token the gateway signed (see gateway-token.ts).
 */
export type Viewer = ClientViewer | OperatorViewer

export type ClientViewer =
  /** A browser or an app that has not signed anybody in: a PUBLISHABLE key alone. */
  | { kind: 'FRONTEND'; client: string; keyId: string }
  | { kind: 'USER'; client: string; userId: string; sessionId: string; roles: readonly Role[] }
  /** The client's own server: as an administrator, but nobody in person. */
  | { kind: 'SERVER'; client: string; keyId: string }
  | { kind: 'PARTNER'; client: string; keyId: string; tags: readonly string[] }
  | { kind: 'DEPLOYER'; client: string; keyId: string }
  /** The client's own plugin, acting for nobody: it may do what an operator granted, a scope each. */
  | PluginViewer

/** `release`: the number of the release that acts. `scopes`: those granted when its token was made. */
export type PluginViewer = { kind: 'PLUGIN'; client: string; release: number; scopes: readonly string[] }

export type OperatorViewer = { kind: 'OPERATOR'; keyId: string }

export const roles = ['MEMBER', 'EDITOR', 'ADMIN'] as const
export type Role = (typeof roles)[number]

/** An administrator of the client: a user with the role, or the client's own server. */
export function isAdmin(viewer: Viewer): boolean {
  return viewer.kind === 'SERVER' || (viewer.kind === 'USER' && viewer.roles.includes('ADMIN'))
}

/** Whoever may see all of the client's records and its analytics. */
export function isEditor(viewer: Viewer): boolean {
  return isAdmin(viewer) || (viewer.kind === 'USER' && viewer.roles.includes('EDITOR'))
}

/** Whether the viewer is a plugin that was granted this: `records:read`. */
export function isGranted(viewer: Viewer, scope: string): boolean {
  return viewer.kind === 'PLUGIN' && viewer.scopes.includes(scope)
}

/** How the viewer is named in events and in the audit log: `user:<id>`, `key:<id>`, `plugin:<client>`. */
export function actorOf(viewer: Viewer): string {
  switch (viewer.kind) {
    case 'USER':
      return `user:${viewer.userId}`
    case 'PLUGIN':
      return `plugin:${viewer.client}`
    default:
      return `key:${viewer.keyId}`
  }
}

/** The keys that a viewer rests on: revoked, the viewer is nobody. */
export function keysOf(viewer: Viewer): string[] {
  return 'keyId' in viewer ? [viewer.keyId] : []
}
