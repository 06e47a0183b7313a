import { randomBytes } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { fileFault, StartError } from './start-error.ts'

const demoUser = z.object({ email: z.string(), password: z.string(), roles: z.array(z.string()) })

const demoClient = z.object({
  publishableKey: z.string(),
  secretKey: z.string(),
  partnerKey: z.string(),
  deployKey: z.string(),
  users: z.array(demoUser),
})

const demoSecrets = z.object({
  operatorKey: z.string(),
  clients: z.record(z.string(), demoClient),
  /** The demo data has been written to the database these keys are in. */
  seeded: z.boolean(),
  /** The SHA-256 of the plugin last deployed, by client. */
  plugins: z.record(z.string(), z.string()),
})

const secretsFile = z.object({
  postgresPassword: z.string(),
  /** 32 bytes, base64. Losing it loses every e-mail address and phone number. */
  fieldKey: z.string(),
  /** The same for the secrets of plugins. Folders of an earlier version have none yet. */
  secretsKey: z.string().default(randomKey),
  /** By module. */
  moduleCredentials: z.record(z.string(), z.string()),
  demo: demoSecrets.nullable(),
})

export type Secrets = z.infer<typeof secretsFile>
export type DemoSecrets = z.infer<typeof demoSecrets>
export type DemoClient = z.infer<typeof demoClient>

export const modules = ['users', 'data', 'analytics', 'notifications', 'lambdas'] as const

/**
 * The secrets of this data directory: made on its first start, kept in `secrets.json` (mode 0600) from then on.
 *
 * @returns `fresh` when they have just been made
 * @throws {StartError} when they cannot be read, understood or written
 */
export async function openSecrets(folder: string): Promise<{ secrets: Secrets; fresh: boolean }> {
  const file = join(folder, 'secrets.json')
  const text = await readFile(file, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return null
    throw new StartError(`The secrets in ${file} cannot be read: ${fileFault(error)}.`)
  })
  if (text !== null) {
    const secrets = parseSecrets(file, text)
    // What was made just now, for a folder of an earlier version, is used from now on: it has to be there next time.
    await saveSecrets(folder, secrets)
    return { secrets, fresh: false }
  }
  const secrets = makeSecrets()
  await saveSecrets(folder, secrets)
  return { secrets, fresh: true }
}

export function saveSecrets(folder: string, secrets: Secrets): Promise<void> {
  return writePrivateFile(join(folder, 'secrets.json'), secrets)
}

export function discardSecrets(folder: string): Promise<void> {
  return rm(join(folder, 'secrets.json'), { force: true })
}

/** Whole or not at all, and on disk when it resolves. @throws {StartError} when it cannot be written */
export async function writePrivateFile(file: string, content: object): Promise<void> {
  try {
    const beside = await open(`${file}.new`, 'w', 0o600)
    try {
      await beside.writeFile(`${JSON.stringify(content, null, 2)}\n`)
      await beside.sync()
    } finally {
      await beside.close()
    }
    await rename(`${file}.new`, file)
  } catch (error) {
    throw new StartError(`${file} cannot be written: ${fileFault(error)}.`)
  }
}

function parseSecrets(file: string, text: string): Secrets {
  try {
    return secretsFile.parse(JSON.parse(text))
  } catch (cause) {
    throw new StartError(
      `The secrets in ${file} are damaged: put the file back, or delete the folder to start anew.`,
      { cause },
    )
  }
}

function makeSecrets(): Secrets {
  return {
    postgresPassword: randomSecret(),
    fieldKey: randomKey(),
    secretsKey: randomKey(),
    moduleCredentials: Object.fromEntries(modules.map((module) => [module, randomSecret()])),
    demo: null,
  }
}

function randomKey(): string {
  return randomBytes(32).toString('base64')
}

export function randomSecret(): string {
  return randomBytes(24).toString('base64url')
}
