/** Hive Gateway as it is, but each of its calls is made, however many others ask the same at that moment. */
export const gatewayConfig = {
  transportEntries: { '*.http': { options: { deduplicateInflightRequests: false } } },
}
