/**
 * The first place that has the text as a whole word; null when there is none. A pointer for people: where it is not
 * certain, no place is better than a wrong one.
 */
export function findInFiles(
  text: string,
  files: readonly { path: string; content: string }[],
): { file: string; line: number } | null {
  const pattern = new RegExp(`(?<![\\w.])${RegExp.escape(text)}(?![\\w.])`)
  for (const { path, content } of files) {
    const line = content.split('\n').findIndex((text) => pattern.test(text))
    if (line >= 0) return { file: path, line: line + 1 }
  }
  return null
}
