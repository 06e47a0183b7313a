import { type Algorithm, hash, type Options, verify } from '@node-rs/argon2'

export type Passwords = {
  hash(password: string): Promise<string>
  /** Costs the same where there is no hash (an unknown address), and answers false then. */
  verify(passwordHash: string | undefined, password: string): Promise<boolean>
}

/** OWASP's recommendation for argon2id: 19 MiB, two passes. `Algorithm.Argon2id` is a const enum, hence the number. */
const options: Options = { algorithm: 2 satisfies Algorithm, memoryCost: 19_456, timeCost: 2, parallelism: 1 }

export async function createPasswords(): Promise<Passwords> {
  const nobodys = await hash(crypto.randomUUID(), options)
  return {
    hash: (password) => hash(password.normalize('NFKC'), options),
    async verify(passwordHash, password) {
      const fits = await verify(passwordHash ?? nobodys, password.normalize('NFKC'))
      return fits && passwordHash !== undefined
    },
  }
}
