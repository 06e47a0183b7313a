import { parentPort } from 'node:worker_threads'
import type { PluginFile } from '../../schema/plugin-build.ts'
import { createCheckTypes } from './check-types.ts'

/** The thread in which the type-checker stays warm. */
export type TypeCheckRequest = { id: number; files: readonly PluginFile[]; declared: string | null }

const checkTypes = await createCheckTypes()
parentPort?.on('message', ({ id, files, declared }: TypeCheckRequest) => {
  parentPort?.postMessage({ id, errors: checkTypes(files, declared) })
})
