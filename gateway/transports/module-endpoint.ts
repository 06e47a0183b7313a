import type { SignGatewayToken } from '../../foundation/gateway-token.ts'
import type { InProcessCalls } from '../../foundation/in-process-calls.ts'
import type { ClientTls } from './http-client.ts'
import type { Instances } from './reach-instance.ts'

/** Where a module is and how it is called. */
export type ModuleEndpoint = Instances & {
  /** The module's name: in errors, and who the gateway token is for. */
  audience: string
  /** Null: calls are not signed. */
  sign: SignGatewayToken | null
  /** For a whole call, the last byte of the answer included; for a subscription until its socket is open. */
  timeoutMs: number
  /** Equal queries under way at the same moment are asked once, see with-deduplication.ts. @default false */
  deduplicates?: boolean
  /** Of an answer's body. @default 64 MiB */
  maxResponseBytes?: number
  /** For `https:` endpoints, beside what Node trusts (`NODE_EXTRA_CA_CERTS` included). */
  tls?: ClientTls
  /** Services of this process, asked without a connection; subscriptions have one. @default there are none */
  inProcess?: InProcessCalls | undefined
}
