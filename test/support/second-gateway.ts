import { silentLog } from '../../foundation/log.ts'
import { createGateway, type GatewayOptions } from '../../gateway/create-gateway.ts'
import { type Answer, type GatewayUnderTest, postQuery } from './gateway-under-test.ts'
import { planners } from './planners.ts'

export type Replica = {
  url: string
  query(query: string, headers: Record<string, string>, variables?: object): Promise<Answer>
  close(): Promise<void>
}

/** Another replica on the same database. */
export async function startReplica(
  { databaseUrl, credentials }: GatewayUnderTest,
  options: Partial<GatewayOptions> = {},
): Promise<Replica> {
  const gateway = await createGateway({
    databaseUrl,
    moduleCredentials: credentials,
    planners,
    log: silentLog,
    ...options,
  })
  const url = await gateway.listen({ host: '127.0.0.1', port: 0 })
  return {
    url,
    query: (query, headers, variables) => postQuery(url, { query, variables }, headers),
    close: () => gateway.close(),
  }
}
