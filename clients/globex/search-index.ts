import type { KeyValueStore } from '@trellis/sdk/plugin'
import { type Article, wordsOf } from './articles.ts'

/** What is searched of a published article. */
type Entry = { title: string; words: string[] }

const wordsKept = 2_000
const pageSize = 100
/** As many articles as one search reads: 40 of the 50 questions that a call may ask. */
const pagesRead = 40

/** Drafts are nobody's to find. Doing it twice changes nothing, so an event may come as often as it likes. */
export async function indexArticle(id: string, article: Article, kv: KeyValueStore): Promise<void> {
  if (article.published !== true) return forgetArticle(id, kv)
  const words = new Set(wordsOf(`${article.title} ${article.body}`).map(plain))
  const entry: Entry = { title: article.title, words: [...words].slice(0, wordsKept) }
  await kv.set(keyOf(id), entry)
}

export async function forgetArticle(id: string, kv: KeyValueStore): Promise<void> {
  await kv.delete(keyOf(id))
}

/** The ids of the articles that have all these words; those that have them in the title come first. */
export async function findArticles(text: string, kv: KeyValueStore): Promise<string[]> {
  const wanted = wordsOf(text).map(plain)
  const found: { id: string; inTitle: number }[] = []
  let after: string | undefined
  for (let page = 0; wanted.length > 0 && page < pagesRead; page += 1) {
    const entries = await kv.list<Entry>({ prefix: prefix, limit: pageSize, ...(after && { after }) })
    for (const { key, value } of entries) {
      if (!wanted.every((word) => value.words.includes(word))) continue
      const title = wordsOf(value.title).map(plain)
      found.push({
        id: key.slice(prefix.length),
        inTitle: wanted.filter((word) => title.includes(word)).length,
      })
    }
    after = entries.at(-1)?.key
    if (entries.length === 0) break
  }
  return found.sort((one, other) => other.inTitle - one.inTitle).map(({ id }) => id)
}

const prefix = 'article:'

function keyOf(id: string): string {
  return `${prefix}${id}`
}

/** Letters and digits, in small. */
function plain(word: string): string {
  return word.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')
}
