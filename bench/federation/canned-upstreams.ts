import { createServer } from 'node:net'
import { type GraphQLSchema, graphql } from 'graphql'
import { readMessages } from './raw-http.ts'
import { buildSubgraphSchemas } from './resolvers.ts'

// A process of its own: all four subgraphs behind one port, told apart by the path. A request that was never seen is
// answered by the real subgraph; the same bytes once more get the same answer out of a table. `GET /calls` tells of the
// calls since it was last asked, and while `POST /hold` stands every answer waits, so that calls made together show.
// It also serves the keys it is given, for gateways that authenticate.

/** One call, as `GET /calls` lists it. `startedMs` and `endedMs` are of the process's clock. */
export type RecordedCall = {
  path: string
  body: string
  answerBytes: number
  startedMs: number
  endedMs: number
}

const mostAnswers = 50_000
const heldMs = 40

const schemas = buildSubgraphSchemas()
const answers = new Map<string, Promise<Buffer> | Buffer>()
let calls: RecordedCall[] = []
let total = 0
let holding = false
let keys = '{"keys":[]}'

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy())
  socket.on(
    'data',
    readMessages(({ head, body }) => {
      const path = head.slice(head.indexOf(' ') + 1, head.indexOf(' ', head.indexOf(' ') + 1))
      if (head.startsWith('GET /calls')) return void socket.write(reply(takeCalls()))
      if (head.startsWith('POST /hold')) {
        holding = body.length > 0
        return void socket.write(reply('{}'))
      }
      if (head.startsWith('POST /jwks')) {
        keys = body.toString()
        return void socket.write(reply('{}'))
      }
      if (head.startsWith('GET /jwks.json')) return void socket.write(reply(keys))
      total++
      const key = path + body.toString('latin1')
      const known = answers.get(key)
      if (known instanceof Buffer && !holding) return void socket.write(known)
      void answerSlowly(path, key, body.toString()).then((bytes) => socket.write(bytes))
    }),
  )
})

server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' ? address?.port : undefined })
})
process.on('disconnect', () => process.exit(0))

async function answerSlowly(path: string, key: string, body: string): Promise<Buffer> {
  const startedMs = performance.now()
  if (answers.size > mostAnswers) answers.clear()
  const answer = answers.get(key) ?? execute(path, body)
  answers.set(key, answer)
  const bytes = await answer
  answers.set(key, bytes)
  if (!holding) return bytes
  await new Promise((resolve) => setTimeout(resolve, heldMs))
  calls.push({ path, body, answerBytes: bytes.length, startedMs, endedMs: performance.now() })
  return bytes
}

async function execute(path: string, body: string): Promise<Buffer> {
  const schema: GraphQLSchema | undefined = schemas.get(path.split('/')[1] ?? '')
  if (!schema) return reply('{"errors":[{"message":"There is no such subgraph."}]}')
  const { query, variables, operationName } = JSON.parse(body)
  const result = await graphql({ schema, source: query, variableValues: variables, operationName })
  return reply(JSON.stringify(result))
}

function takeCalls(): string {
  const text = JSON.stringify({ total, calls })
  calls = []
  total = 0
  return text
}

function reply(json: string): Buffer {
  return Buffer.from(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(json)}\r\n\r\n${json}`,
  )
}
