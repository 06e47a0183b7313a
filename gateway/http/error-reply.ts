import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { errorCatalogue, TrellisError } from '../../foundation/errors.ts'
import type { Log } from '../../foundation/log.ts'
import { negotiate } from '../supergraph/media-type.ts'
import { RequestError } from '../supergraph/request-error.ts'

/** Whatever goes wrong outside of an operation is answered as GraphQL answers errors: `{ errors: [{ message, extensions }] }`. */
export function createErrorHandler(log: Log) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const accepts = negotiate(request.headers.accept)
    reply.header('cache-control', 'no-store')
    if (accepts) reply.header('content-type', accepts.contentType)
    if (error instanceof TrellisError) {
      const { message, extensions, code } = error
      return send(reply, errorCatalogue[code].status, { errors: [{ message, extensions }] })
    }
    if (error instanceof RequestError) {
      const { message, extensions, status, headers } = error
      return send(reply.headers(headers), status, { errors: [{ message, extensions }] })
    }
    const status = error.statusCode ?? 500
    if (status < 500) return send(reply, status, errorBody('BAD_REQUEST', error.message))
    log.error({ err: error }, 'a request failed')
    return send(reply, 500, errorBody('INTERNAL_SERVER_ERROR', 'Something went wrong on our side.'))
  }
}

export function sendNotFound(_request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return reply.status(404).send(errorBody('NOT_FOUND', 'There is nothing at this address.'))
}

/** As text: Fastify itself writes objects for the types of JSON it knows only. */
function send(reply: FastifyReply, status: number, body: object): FastifyReply {
  if (!reply.hasHeader('content-type')) reply.header('content-type', 'application/json; charset=utf-8')
  return reply.status(status).send(JSON.stringify(body))
}

function errorBody(code: string, message: string) {
  return { errors: [{ message, extensions: { code } }] }
}
