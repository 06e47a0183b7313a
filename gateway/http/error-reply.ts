import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { errorCatalogue, TrellisError } from '../../foundation/errors.ts'
import type { Log } from '../../foundation/log.ts'

/** Whatever goes wrong outside of an operation is answered as GraphQL answers errors: `{ errors: [{ message, extensions }] }`. */
export function createErrorHandler(log: Log) {
  return (error: FastifyError, _request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    if (error instanceof TrellisError) {
      const { message, extensions, code } = error
      return reply.status(errorCatalogue[code].status).send({ errors: [{ message, extensions }] })
    }
    const status = error.statusCode ?? 500
    if (status < 500) return reply.status(status).send(errorBody('BAD_REQUEST', error.message))
    log.error({ err: error }, 'a request failed')
    return reply.status(500).send(errorBody('INTERNAL_SERVER_ERROR', 'Something went wrong on our side.'))
  }
}

export function sendNotFound(_request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return reply.status(404).send(errorBody('NOT_FOUND', 'There is nothing at this address.'))
}

function errorBody(code: string, message: string) {
  return { errors: [{ message, extensions: { code } }] }
}
