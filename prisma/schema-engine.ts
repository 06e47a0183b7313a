#!/usr/bin/env node
/*
 * Stands where Prisma's CLI expects its schema engine, a native program that it would download. The same engine is on
 * npm as WebAssembly; this gives it the engine's own wire, JSON-RPC in lines over stdin and stdout, so that every
 * command of the CLI works offline. `npm run db` points PRISMA_SCHEMA_ENGINE_BINARY here. Not used at run time.
 */
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { Client } from 'pg'
import { poolConfig, schemaEngineAdapter } from './schema-engine-adapter.ts'
import { type SchemaEngineMethods, startSchemaEngine } from './schema-engine-wasm.ts'

type Request = { id: number; method?: string; params?: unknown }
type Answer = { result: object } | { error: { code: number; message: string; data: Fault } }
type Fault = { is_panic: boolean; message: string; error_code: string | undefined }

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    datasource: { type: 'string' },
    datamodels: { type: 'string', multiple: true },
    'enabled-preview-features': { type: 'string' },
    'extension-types': { type: 'string' },
  },
})
const url: string = values.datasource
  ? JSON.parse(values.datasource).url
  : 'postgresql://none@127.0.0.1:1/none'

if (positionals[0] === 'cli') await runCommand(positionals[1])
else await serve()

/** `can-connect-to-database` and `create-database`: a fault is a log line of the engine's kind and exit status 1. */
async function runCommand(command: string | undefined): Promise<void> {
  const config = poolConfig(url)
  const create = command === 'create-database'
  const client = new Client(create ? { ...config, database: 'postgres' } : config)
  try {
    await client.connect()
    if (create) await client.query(`CREATE DATABASE ${client.escapeIdentifier(config.database ?? '')}`)
  } catch (error) {
    log('INFO', { message: 'Starting schema engine CLI' }) // the CLI passes over the first line
    log('ERROR', { message: faultMessage(error), error_code: connectionFaultCode(error) })
    process.exitCode = 1
  } finally {
    await client.end()
  }
}

async function serve(): Promise<void> {
  const datamodels = values.datamodels && (await Promise.all(values.datamodels.map(readDatamodel)))
  const onLog = (line: string) => log('INFO', { message: line })
  const engine = startSchemaEngine({ datamodels, adapter: schemaEngineAdapter(url), onLog })
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, method, params }: Request = JSON.parse(line)
    if (method) send({ id, ...(await answer(engine, method, params)) }) // without one: the CLI's reply to our `print`
  }
  process.exit(0) // the engine keeps its connections for as long as it may be asked
}

async function readDatamodel(path: string): Promise<[string, string]> {
  return [path, await readFile(path, 'utf8')]
}

async function answer(
  engine: Promise<SchemaEngineMethods>,
  method: string,
  params: unknown,
): Promise<Answer> {
  try {
    const run = (await engine).get(method)
    if (!run) throw new Error(`The WebAssembly schema engine has no method ${method}.`)
    const result = (await run(params)) ?? {}
    if (method === 'diff') printDiff(result)
    return { result }
  } catch (error) {
    // A panic is told as any fault: the CLI would offer to send it to its makers, and end with status 0.
    const data = { is_panic: false, message: faultMessage(error), error_code: engineFaultCode(error) }
    return { error: { code: 4466, message: 'An error happened. Check the data field for details.', data } }
  }
}

/** The native engine has the CLI print a difference; the WebAssembly one returns it, and the CLI would drop it. */
function printDiff(result: object): void {
  if ('stdout' in result && result.stdout)
    send({ id: 0, method: 'print', params: { content: result.stdout } })
}

function send(message: { id: number } & (Answer | { method: 'print'; params: { content: unknown } })): void {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
}

/** As the native engine logs: each line of stderr is an object, or the CLI cannot read it. */
function log(level: 'INFO' | 'ERROR', fields: { message: string; error_code?: string | undefined }): void {
  console.error(JSON.stringify({ level, target: 'schema_engine::logger', fields }))
}

function faultMessage(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(faultMessage).join('; ')
  return error instanceof Error ? error.message : String(error)
}

function engineFaultCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}

/** Prisma's code for what PostgreSQL or the socket said. */
function connectionFaultCode(error: unknown): string {
  const code = engineFaultCode(error)
  if (code === '3D000') return 'P1003' // there is no such database
  if (code === '28P01') return 'P1000' // authentication failed
  return 'P1001' // cannot be reached
}
