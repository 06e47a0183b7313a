import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils'
import * as wasm from '@prisma/schema-engine-wasm/schema_engine_bg'

/** The engine's calls by the names they have on the wire of the native engine. */
export type SchemaEngineMethods = ReadonlyMap<string, (params: unknown) => Promise<object | null | undefined>>

type SchemaEngineOptions = {
  /** Path and text of each schema file; undefined where the command has none: an empty list is a panic. */
  datamodels: [string, string][] | undefined
  adapter: SqlMigrationAwareDriverAdapterFactory
  onLog(line: string): void
}

const methods = [
  'applyMigrations',
  'createMigration',
  'dbExecute',
  'devDiagnostic',
  'diagnoseMigrationHistory',
  'diff',
  'ensureConnectionValidity',
  'evaluateDataLoss',
  'introspect',
  'markMigrationApplied',
  'markMigrationRolledBack',
  'reset',
  'schemaPush',
]

export async function startSchemaEngine(options: SchemaEngineOptions): Promise<SchemaEngineMethods> {
  const panic = watchForPanic()
  await loadWasm()
  const adapter = bindMigrationAwareSqlAdapterFactory(options.adapter)
  const starting = wasm.SchemaEngine.new({ datamodels: options.datamodels }, options.onLog, adapter)
  const engine = await Promise.race([starting, panic])
  const method = (name: string) => {
    const call = Reflect.get(engine, name).bind(engine)
    return (params: unknown) => Promise.race([call(params), panic])
  }
  return new Map([
    ...methods.map((name) => [name, method(name)] as const),
    ['getDatabaseVersion', method('version')],
  ])
}

async function loadWasm(): Promise<void> {
  const script = fileURLToPath(import.meta.resolve('@prisma/schema-engine-wasm'))
  const binary = await readFile(script.replace(/\.js$/, '_bg.wasm'))
  const { instance } = await WebAssembly.instantiate(binary, { './schema_engine_bg.js': { ...wasm } })
  wasm.__wbg_set_wasm(instance.exports)
  const { __wbindgen_start: start } = instance.exports
  if (typeof start === 'function') start()
}

/** A panic leaves its call unsettled for ever and surfaces as an uncaught exception; its message goes to a global. */
function watchForPanic(): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  const registry = { set_message: (message: string) => reject(new Error(`The schema engine ${message}`)) }
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: registry })
  process.on('uncaughtException', reject)
  return promise
}
