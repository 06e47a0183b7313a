/** What a command has to say: lines for people, or with `--json` a value for machines. Not `ok`: exit status 1. */
export type CommandResult = { ok: boolean; value: unknown; lines: readonly string[] }
