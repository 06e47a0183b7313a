import { TrellisError } from '../foundation/errors.ts'
import { isStorableText } from '../foundation/storable-text.ts'

export type TextBounds = {
  /** What the text is called in errors. */
  what: string
  /** In UTF-16 code units. @default 1 */
  min?: number
  max: number
}

/** @throws {TrellisError} BAD_USER_INPUT for a text too short, too long, or one that cannot be stored */
export function boundedText(text: string, { what, min = 1, max }: TextBounds): string {
  if (text.length < min || text.length > max) {
    throw new TrellisError('BAD_USER_INPUT', `\`${what}\` has ${min} to ${max} characters.`)
  }
  if (!isStorableText(text))
    throw new TrellisError('BAD_USER_INPUT', `\`${what}\` is not a text that can be stored.`)
  return text
}
