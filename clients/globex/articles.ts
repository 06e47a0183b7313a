/** What a record of the collection `articles` holds. */
export type Article = {
  title: string
  body: string
  published?: boolean
  /** RFC 3339: not before. */
  embargo?: string
}

export const wordsPerMinute = 220

export function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}
