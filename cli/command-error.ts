/** Why a command did not do what it was asked to: `message` is what its user reads, one fault a line. */
export class CommandError extends Error {
  override name = 'CommandError'
}
