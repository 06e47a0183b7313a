import { pino } from 'pino'

/** Structured log lines on standard output, one JSON object a line; `fatal` and `error` are somebody's work. */
export type Log = {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/**
 * @param service the service's name, in every line
 * @param level `debug`, `info`, `warn`, `error` or `silent`
 */
export function createLog(service: string, level: string): Log {
  return pino({ name: service, level, base: { service } })
}

export const silentLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore }

function ignore(): void {
  // Deliberately nothing: a caller that wants no log lines.
}
