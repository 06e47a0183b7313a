/** PostgreSQL refuses a NUL in a text, and half a surrogate pair comes back as something else: neither is anybody's id. */
export function isStorableText(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}
