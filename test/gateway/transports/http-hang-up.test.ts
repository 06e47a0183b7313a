import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type ClientRequest, request } from 'node:http'
import { join } from 'node:path'
import type { RunningService } from '../../../foundation/service.ts'
import { startSupergraph } from '../../../gateway/start-supergraph.ts'
import { compose } from '../../federation/compose.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts'
import { http, type RawServer, startRawServer } from './raw-server.ts'

const sdl = 'type Query { a: String } type Mutation { b: String }'

describe('a client that hangs up', () => {
  let folder: TemporaryFolder
  let subgraph: RawServer
  let gateway: RunningService

  beforeEach(async () => {
    folder = await makeTemporaryFolder()
    // It never answers of its own accord.
    subgraph = await startRawServer(() => undefined)
    const file = join(folder.path, 'supergraph.graphql')
    await writeFile(file, compose({ slow: { sdl } }).replace('subgraph:slow', subgraph.url))
    gateway = await startSupergraph(file, { PORT: '0', LOG_LEVEL: 'silent' })
  })
  afterEach(async () => {
    await gateway.close()
    await subgraph.close()
    await folder[Symbol.asyncDispose]()
  })

  function send(query: string): ClientRequest {
    const sent = request(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    })
    sent.on('error', () => undefined)
    sent.end(JSON.stringify({ query }))
    return sent
  }

  test('ends the calls of its query: the subgraph sees the connection closed', async () => {
    const client = send('{ a }')
    const call = await subgraph.request(1)
    const ended = once(call, 'close')
    client.destroy()
    await ended
  })

  test('ends none of its mutation, which is carried out to its end', async () => {
    const client = send('mutation { b }')
    const call = await subgraph.request(1)
    let ended = false
    call.once('close', () => {
      ended = true
    })
    client.destroy()
    // By the time another query's call was ended in the same way, the mutation's would have been.
    const other = send('{ a }')
    const otherCall = await subgraph.request(2)
    const otherEnded = once(otherCall, 'close')
    other.destroy()
    await otherEnded
    expect(ended).toBe(false)
    call.write(http('{"data":{"b":"done"}}'))
  })
})
