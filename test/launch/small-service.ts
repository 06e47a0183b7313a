import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { runService } from '../../foundation/service.ts'

/** A service that answers with the id of its process. */
await runService('small', async ({ PORT }) => {
  const server = createServer((_request, response) => response.end(String(process.pid)))
  server.listen(Number(PORT), '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    async close() {
      server.closeAllConnections()
      server.close()
    },
  }
})
