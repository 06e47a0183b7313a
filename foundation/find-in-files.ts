type TextFile = { path: string; content: string }

/** Where in an author's files something is; `line` counts from 1. */
export type Place = { file: string; line: number }

/**
 * The first place that has the text as a literal of its own, or else as a whole word; null when there is none. A pointer
 * for people: where it is not certain, no place is better than a wrong one.
 */
export function findInFiles(text: string, files: readonly TextFile[]): Place | null {
  const escaped = RegExp.escape(text)
  return (
    findPattern(new RegExp(`(['"\`])${escaped}\\1`), files) ??
    findPattern(new RegExp(`(?<![\\w.])${escaped}(?![\\w.])`), files)
  )
}

function findPattern(pattern: RegExp, files: readonly TextFile[]): Place | null {
  for (const { path, content } of files) {
    const line = content.split('\n').findIndex((text) => pattern.test(text))
    if (line >= 0) return { file: path, line: line + 1 }
  }
  return null
}

/**
 * Where a line of a text stands in the files that the text comes from: as a part of one of them, or, where it was put
 * together of pieces, by the line itself if only one line is like it. Null when that cannot be said.
 *
 * @param line counts from 1
 */
export function findLineInFiles(text: string, line: number, files: readonly TextFile[]): Place | null {
  for (const { path, content } of files) {
    // A template literal has no carriage returns, whatever the file has.
    const at = content.replaceAll('\r\n', '\n').indexOf(text)
    if (at >= 0) return { file: path, line: linesBefore(content.replaceAll('\r\n', '\n'), at) + line }
  }
  const wanted = text.split('\n')[line - 1]?.trim()
  if (!wanted) return null
  const places = files.flatMap(({ path, content }) =>
    content
      .split('\n')
      .flatMap((one, index) => (one.trim() === wanted ? [{ file: path, line: index + 1 }] : [])),
  )
  return places.length === 1 ? (places[0] ?? null) : null
}

function linesBefore(content: string, at: number): number {
  return content.slice(0, at).split('\n').length - 1
}
