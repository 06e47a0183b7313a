/** Hive Gateway as it is, told that subgraphs are subscribed to over WebSockets, at the address of their queries. */
export const gatewayConfig = {
  transportEntries: { '*.http': { options: { subscriptions: { kind: 'ws' } } } },
}
