import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import type { Close } from '../../foundation/closing.ts'
import type { Log } from '../../foundation/log.ts'
import type { RegistryState } from './registry-state.ts'

/** The last state of the registry that was read, for a start while its database is away. */
export type StateFile = {
  /** Null where there is none that can be used. */
  read(): Promise<RegistryState | null>
  /** Soon: of states that come fast, the last. */
  write(state: RegistryState): void
  close: Close
}

/** Another shape of the state is another format; a file of another one is as good as none. */
const format = 'trellis-registry-2'

/** Hashes of keys are in it, and whose they are: nobody else on the machine may read it. */
const mode = 0o600

export function createStateFile(path: string, log: Log): StateFile {
  let newest: RegistryState | null = null
  let writing: Promise<void> | null = null
  const writeAll = async () => {
    while (newest) {
      const bytes = serialize({ format, state: newest })
      newest = null
      // A half-written one is never found: it comes into its place as a whole.
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      await writeFile(`${path}.new`, bytes, { mode })
      await rename(`${path}.new`, path)
    }
  }
  return {
    async read() {
      try {
        const kept: unknown = deserialize(await readFile(path))
        return isKept(kept) ? kept.state : null
      } catch (error) {
        log.debug({ err: error, path }, 'there is no last state of the registry')
        return null
      }
    },
    write(state) {
      newest = state
      writing ??= writeAll()
        .catch((error) => log.warn({ err: error, path }, 'the state of the registry could not be kept'))
        .finally(() => {
          writing = null
        })
    },
    async close() {
      await writing
    },
  }
}

function isKept(value: unknown): value is { state: RegistryState } {
  return typeof value === 'object' && value !== null && 'format' in value && value.format === format
}
