import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { owners } from '../../prisma/owners.ts'

const root = join(import.meta.dirname, '../..')
const read = (name: string) => readFile(join(root, name), 'utf8')
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, found = '']) => found)

describe('docker-compose.yml', () => {
  test('asks for every secret that .env.example lists, for no other, and has a default for none', async () => {
    const compose = await read('docker-compose.yml')
    const listed = all(await read('.env.example'), /^(\w+)=$/gm)
    expect(new Set(all(compose, /\$\{(\w+):\?\}/g))).toEqual(new Set(listed))
    expect(new Set(all(compose, /\$\{(\w+):-[^}]*\}/g))).toEqual(
      new Set([
        'LOG_LEVEL',
        'TRELLIS_BUS_URL',
        'TRELLIS_FIELD_KEY_PREVIOUS',
        'TRELLIS_PORT',
        'TRELLIS_SECRETS_KEY_PREVIOUS',
      ]),
    )
  })

  test('nothing keeps a module from running in copies: none has an address, a name or a port of the machine', async () => {
    const [, modules = ''] = (await read('docker-compose.yml')).split(
      /^ {2}gateway:$[\s\S]*?(?=^ {2}users:$)/m,
    )
    expect(all(modules, /^ {4}command: \[node, (.*)\]$/gm)).toHaveLength(5)
    expect(modules).not.toMatch(/TRELLIS_MODULE_URL|container_name|hostname|ports:|HOST:/)
    // What makes each register by the name of its container.
    expect(await read('deploy/Dockerfile')).toMatch(/^ENV .*\bHOST=0\.0\.0\.0\b/m)
  })

  test('starts node on files that are there', async () => {
    const mains = all(await read('docker-compose.yml'), /^ {4}command: \[node, (.*)\]$/gm)
    expect(mains).toHaveLength(6)
    expect(mains.filter((main) => !existsSync(join(root, main)))).toEqual([])
  })

  test('has a database and a password for each owner', async () => {
    expect(all(await read('deploy/postgres/create-databases.sh'), /^for owner in (.*); do$/gm)).toEqual([
      owners.join(' '),
    ])
    const passwords = all(await read('.env.example'), /^(\w+)_DB_PASSWORD=$/gm)
    expect(passwords.map((name) => name.toLowerCase())).toEqual(owners)
  })
})

test('deploy/new-env.ts fills every empty place with a secret of its own that fits where it goes', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['deploy/new-env.ts'], { cwd: root })
  const values = new Map(
    [...stdout.matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  )
  const secrets = all(await read('.env.example'), /^(\w+)=$/gm).map((name) => values.get(name))
  expect(new Set(secrets).size).toBe(secrets.length)
  for (const key of ['TRELLIS_FIELD_KEY', 'TRELLIS_SECRETS_KEY']) {
    expect(Buffer.from(values.get(key) ?? '', 'base64')).toHaveLength(32)
    values.delete(key)
  }
  for (const value of values.values()) expect(value).toMatch(/^[\w-]+$/)
})
