/** Which key a command is for. Beside a platform on this machine, and where none was given, it is that platform's. */
export type KeyKind = 'deployKey' | 'secretKey' | 'operatorKey'

export const keyNames: Readonly<Record<KeyKind, string>> = {
  deployKey: 'deploy key',
  secretKey: 'secret key',
  operatorKey: 'operator key',
}

/** Where else than on the command line it may stand, and in no list of processes. */
export const keyVariables = {
  deployKey: 'TRELLIS_DEPLOY_KEY',
  secretKey: null,
  operatorKey: 'TRELLIS_OPERATOR_KEY',
} as const satisfies Record<KeyKind, string | null>
