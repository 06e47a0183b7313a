/** A reason why the platform cannot start that its owner can do something about: print `message`, and nothing else. */
export class StartError extends Error {
  override name = 'StartError'
}

/** The system's word for a failed file operation, as part of a line for people. */
export function fileFault(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  switch (code) {
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
