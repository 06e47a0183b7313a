import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type DocumentNode, parse } from 'graphql'
import { createExecutor } from '../../../gateway/execution/create-executor.ts'
import { createPlanner } from '../../../gateway/planning/create-planner.ts'
import { readJoinGraphs } from '../../../gateway/supergraph/join-graphs.ts'
import { createSupergraphConnect } from '../../../gateway/supergraph/supergraph-connect.ts'

/** Our planner and executor with nothing in front. Arguments: the supergraph's file, the port. */
const [file = '', port] = process.argv.slice(2)
const supergraphSdl = readFileSync(file, 'utf8')
const planner = createPlanner(supergraphSdl)
const { subgraphs } = createSupergraphConnect()(readJoinGraphs(supergraphSdl))
const executor = createExecutor({ schema: planner.schema, supergraph: planner.supergraph, subgraphs })
const documents = new Map<string, DocumentNode>()
const caller = { viewer: null, depth: 0, traceparent: undefined }

createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', async () => {
    const { query, operationName, variables = {} } = JSON.parse(Buffer.concat(chunks).toString())
    const document = documents.get(query) ?? parse(query)
    documents.set(query, document)
    const operation = await planner.plan(document, operationName)
    const { signal } = new AbortController()
    const body = Buffer.from(await executor.executeToJson(operation, { caller, variables, signal }))
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
    response.end(body)
  })
}).listen(Number(port), '127.0.0.1')
