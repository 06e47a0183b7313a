import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.ttf': 'font/ttf',
  '.wasm': 'application/wasm',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
}

/**
 * `/` and the files it loads. Every built file is a route of its own, read once: no path of a request ever reaches the
 * file system. Nothing is served where the explorer was not built.
 */
export async function addExplorerRoutes(server: FastifyInstance, folder: URL): Promise<void> {
  for (const { path, body } of await readFiles(fileURLToPath(folder))) {
    const contentType = contentTypes[extname(path)] ?? 'application/octet-stream'
    // The bundler puts a hash of the content into the names of its assets.
    const caching = path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
    server.get(path === '/index.html' ? '/' : path, (_request, reply) =>
      reply
        .headers({
          'content-type': contentType,
          'cache-control': caching,
          'x-content-type-options': 'nosniff',
        })
        .send(body),
    )
  }
}

async function readFiles(folder: string): Promise<{ path: string; body: Buffer }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
  return Promise.all(
    files.map(async (file) => ({
      path: `/${relative(folder, file).split(sep).join('/')}`,
      body: await readFile(file),
    })),
  )
}
