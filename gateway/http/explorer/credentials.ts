/** What the person has typed in: at least one of the two has to be there before there is a schema to see. */
export type Credentials = { apiKey: string; accessToken: string }

const storageKey = 'trellis.explorer.credentials'
const none: Credentials = { apiKey: '', accessToken: '' }

/** Kept for the browser tab only: a key must not outlive the window it was pasted into. */
export function loadCredentials(): Credentials {
  const stored = sessionStorage.getItem(storageKey)
  return stored ? { ...none, ...JSON.parse(stored) } : none
}

export function saveCredentials(credentials: Credentials): void {
  sessionStorage.setItem(storageKey, JSON.stringify(credentials))
}

export function isPresent({ apiKey, accessToken }: Credentials): boolean {
  return apiKey !== '' || accessToken !== ''
}

/** The HTTP headers of a request with these credentials. */
export function headersOf({ apiKey, accessToken }: Credentials): Record<string, string> {
  return {
    ...(apiKey && { 'x-api-key': apiKey }),
    ...(accessToken && { authorization: `Bearer ${accessToken}` }),
  }
}

/** The `connection_init` payload of a WebSocket with these credentials. */
export function connectionParamsOf({ apiKey, accessToken }: Credentials): Record<string, string> {
  return {
    ...(apiKey && { apiKey }),
    ...(accessToken && { authorization: `Bearer ${accessToken}` }),
  }
}
