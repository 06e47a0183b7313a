import { z } from 'zod'
import { TrellisError } from '../../foundation/errors.ts'
import { isStorableText } from '../../foundation/storable-text.ts'

const longestAddress = 254
const address = z.email({ pattern: z.regexes.unicodeEmail }).max(longestAddress)

/** As the person wrote it, but for the spaces around. @throws {TrellisError} BAD_USER_INPUT */
export function parseEmailAddress(text: string): string {
  const parsed = address.safeParse(text.trim())
  if (parsed.success && isStorableText(parsed.data)) return parsed.data
  throw new TrellisError('BAD_USER_INPUT', '`email` is not an e-mail address.')
}

/** What makes two spellings the same address. */
export function normaliseEmailAddress(text: string): string {
  return text.trim().normalize('NFKC').toLowerCase()
}
