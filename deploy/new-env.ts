import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'

/** Prints .env.example with a new secret in each empty place: `node deploy/new-env.ts > .env`. */
const example = await readFile(new URL('../.env.example', import.meta.url), 'utf8')
process.stdout.write(
  example.replaceAll(/^(\w+)=$/gm, (_, name: string) => {
    const encoding = name.endsWith('_KEY') ? 'base64' : 'base64url' // the others become part of URLs
    return `${name}=${randomBytes(32).toString(encoding)}`
  }),
)
