import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { callGraphQL } from '../../foundation/call-graphql.ts'

type PluginFile = { path: string; content: string }
export type DemoPlugin = { files: PluginFile[] /** SHA-256 over all of it, hexadecimal. */; digest: string }

/** A client's plugin: every .ts file of `clients/<slug>/`. Null where there is none. */
export async function readDemoPlugin(slug: string): Promise<DemoPlugin | null> {
  const folder = new URL(`../../clients/${slug}/`, import.meta.url)
  const names = await readdir(folder, { recursive: true }).catch((error) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const paths = names.filter((name) => name.endsWith('.ts')).sort()
  if (paths.length === 0) return null
  const files = await Promise.all(
    paths.map(async (path) => ({ path, content: await readFile(new URL(path, folder), 'utf8') })),
  )
  return { files, digest: createHash('sha256').update(JSON.stringify(files)).digest('hex') }
}

/** @returns the faults, one line each; none when the release is live */
export async function deployDemoPlugin(
  endpoint: string,
  { slug, deployKey }: { slug: string; deployKey: string },
  { files }: DemoPlugin,
): Promise<string[]> {
  const { deployPlugin } = await callGraphQL<{ deployPlugin: DeployPlugin | null }>(endpoint, {
    document: `mutation ($client: String!, $files: [PluginFile!]!, $message: String) {
      deployPlugin(client: $client, files: $files, message: $message) { number active errors { message file line } }
    }`,
    variables: { client: slug, files, message: `clients/${slug}, deployed by npm start` },
    credentials: { apiKey: deployKey },
  })
  return (deployPlugin?.errors ?? []).map(
    ({ message, file, line }) =>
      `${file ? `clients/${slug}/${file}${line ? `:${line}` : ''}: ` : ''}${message}`,
  )
}

type DeployPlugin = {
  number: number
  active: boolean
  errors: { message: string; file: string | null; line: number | null }[]
}
