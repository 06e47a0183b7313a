import { createEgress } from '../host/egress/create-egress.ts'
import type { LocalWorld } from './local-world.ts'

/** `ctx.fetch` as on the platform: to these hosts, and never to an address that is not public. */
export function fetchOutside(hosts: readonly string[]): LocalWorld['fetch'] {
  const egress = createEgress()
  return ({ body, ...request }) => egress({ ...request, ...(body !== null && { body }) }, hosts)
}
