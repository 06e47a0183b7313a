/**
 * Whether a value has more than so many characters as JSON, roughly. It is read no further than that, and not written: a
 * value that holds the same part again and again is short in memory and long as text.
 */
export function isLongerThan(chars: number, value: unknown): boolean {
  let left = chars
  const unread: unknown[] = [value]
  while (unread.length > 0 && left >= 0) {
    const one = unread.pop()
    left -= 2
    if (typeof one === 'string') left -= one.length
    else if (Array.isArray(one)) for (const item of one) unread.push(item)
    else if (typeof one === 'object' && one !== null) {
      for (const [key, item] of Object.entries(one)) {
        left -= key.length
        unread.push(item)
      }
    }
  }
  return left < 0
}
