import { parentPort } from 'node:worker_threads'
import type { PluginFile } from '../../schema/plugin-build.ts'
import { createCheckTypes } from './check-types.ts'

/** The thread in which the type-checker stays warm. */
export type TypeCheckRequest = { files: readonly PluginFile[]; declared: string | null }

const checkTypes = await createCheckTypes()
parentPort?.on('message', ({ files, declared }: TypeCheckRequest) => {
  parentPort?.postMessage(checkTypes(files, declared))
})
