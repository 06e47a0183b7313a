/** A reason why the platform cannot start that its owner can do something about: print `message`, and nothing else. */
export class StartError extends Error {
  override name = 'StartError'
}

/** A system error's code (`ENOENT`), or a PostgreSQL error's (`28P01`). */
export function codeOf(error: unknown): string | undefined {
  // Several addresses of one name fail with one error for each.
  if (error instanceof AggregateError) return codeOf(error.errors[0])
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined
}

/** The system's word for a failed file operation, as part of a line for people. */
export function fileFault(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full'
    case 'EROFS':
      return 'the file system is read-only'
    case 'EACCES':
    case 'EPERM':
      return 'permission denied'
    case 'ENOTDIR':
    case 'EEXIST':
      return 'there is a file of that name, not a folder'
    default:
      return error instanceof Error ? error.message : String(error)
  }
}
