/**
 * What the gateway asks of the lambda host for operators, and for the deployers of the client: `POST
 * <host>/clients/<client>/desk` with `{ do, … }`, answer `{ answer }` of the same name. Operators may ask of the client
 * `*`, all of them, for `handlerGroups`.
 */
export type PluginDesk = {
  /** Names, in alphabetical order: no secret is ever read here. */
  secrets: { ask: object; answer: SecretName[] }
  setSecret: { ask: { name: string; value: string }; answer: SecretName }
  /** Whether there was one. */
  deleteSecret: { ask: { name: string }; answer: boolean }
  /** Newest first, before the line of that `seq`. */
  logs: {
    ask: { before: string | null; limit: number; lambda: string | null; level: LogLevel | null }
    answer: LogLine[]
  }
  /** Events that the client's handlers could not handle, in the order in which they came; behind the one of that `key`. */
  deadLetters: { ask: { after: string | null; limit: number }; answer: HandlerDeadLetter[] }
  /** `ids` of events; null: all. How many will be handled again. */
  redeliver: { ask: { ids: string[] | null }; answer: number }
  handlerGroups: { ask: object; answer: HandlerGroup[] }
  /** Events of these types are noted from now on: a release that handles them may be served next. */
  announce: { ask: { types: string[] }; answer: boolean }
}

/** No client's slug: all of them. */
export const everyClient = '*'

/** The group of the bus that notes down what clients' handlers are to handle, and takes replays for them. */
export const handlersGroup = 'plugins'

/** A client's handlers, as operators name them among the consumer groups. */
export function handlerGroupOf(client: string): string {
  return `plugin:${client}`
}

/** How far the handlers of a client are. */
export type HandlerGroup = {
  client: string
  /** Copies of the host that work for them now: one, or none. */
  members: number
  /** Events in their queue, counted up to 10,000. */
  waiting: number
  /** The place on the bus after which more of them were left; null: none. */
  leftAfter: string | null
  deadLetters: number
}

/** `setAt` is RFC 3339; `setBy` as in events: `key:<id>`. */
export type SecretName = { name: string; setAt: string; setBy: string }

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

/** `time` is RFC 3339. */
export type LogLine = { seq: string; time: string; level: LogLevel; lambda: string; line: string }

/**
 * The event with all its attributes; `failedAt` is RFC 3339. `file` and `line`, from 1, are where in the plugin's files the
 * error was thrown, of the release that was served then; null where it was not, or that cannot be said.
 */
export type HandlerDeadLetter = {
  key: string
  group: string
  event: unknown
  error: string
  file: string | null
  line: number | null
  attempts: number
  failedAt: string
  redelivering: boolean
}
