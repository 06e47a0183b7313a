import { LRUCache } from 'lru-cache'

/** Keeps the secrets that were given to plugins out of what is written down or shown about them. */
export type Redaction = {
  /** From now on, this client's texts are searched for it: an isolate may keep it from one call to the next. */
  remember(client: string, name: string, secret: string): void
  /** The text, with `[secret NAME]` where a secret of this client stood. */
  redact(client: string, text: string): string
}

/** Shorter ones are words that stand in any text. */
const shortest = 4
const clientsKept = 1_000
const secretsKept = 200

export function createRedaction(): Redaction {
  const secrets = new LRUCache<string, LRUCache<string, string>>({ max: clientsKept })
  return {
    remember(client, name, secret) {
      if (secret.length < shortest) return
      const known = secrets.get(client) ?? new LRUCache<string, string>({ max: secretsKept })
      secrets.set(client, known)
      // In JSON, and with it in most messages, it is spelled otherwise.
      for (const spelling of [secret, JSON.stringify(secret).slice(1, -1)]) known.set(spelling, name)
    },
    redact(client, text) {
      const known = secrets.get(client)
      if (!known) return text
      // A secret may be part of another.
      const longestFirst = [...known.entries()].sort(([one], [other]) => other.length - one.length)
      return longestFirst.reduce(
        (shown, [secret, name]) => shown.replaceAll(secret, `[secret ${name}]`),
        text,
      )
    },
  }
}
