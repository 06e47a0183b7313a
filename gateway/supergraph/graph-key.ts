/** What names a graph: a client's own by its slug, a partner's by the client's slug and the tags of its key. */
export type GraphKey = { client: string; tags: readonly string[] | null }

/** Equal for all keys of a client whose tags are the same, in whatever order. Neither slugs nor tags have `#` or `,`. */
export function contractKey({ client, tags }: GraphKey): string {
  return tags ? `${client}#${[...new Set(tags)].sort().join(',')}` : client
}

export function readContractKey(key: string): GraphKey {
  const [client = '', tags] = key.split('#', 2)
  return { client, tags: tags === undefined ? null : tags.split(',').filter((tag) => tag !== '') }
}
