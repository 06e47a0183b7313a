import type { InProcessCalls, InProcessRequest } from '../../foundation/in-process-calls.ts'
import type { HttpAnswer } from './http-answer-parser.ts'
import { AnswerTooLarge } from './http-failures.ts'
import type { HttpTarget } from './http-target.ts'

type Post = Omit<InProcessRequest, 'path'> & { target: HttpTarget }

/**
 * Sends a request to a service of this process, where its address is one of theirs, and answers what HTTP would have
 * brought. Null: it goes over HTTP.
 *
 * @throws {AnswerTooLarge}
 */
export function callInProcess(
  inProcess: InProcessCalls,
  { target: { origin, path }, headers, body }: Post,
  maxBytes: number,
): Promise<HttpAnswer> | null {
  const answering = inProcess.call(origin, { path, headers, body })
  if (!answering) return null
  return answering.then(({ status, contentType, text }) => {
    const bytes = Buffer.byteLength(text)
    if (bytes > maxBytes) throw new AnswerTooLarge(`The answer has more than ${maxBytes} bytes.`)
    return { status, headers: new Map([['content-type', contentType]]), text, isAscii: bytes === text.length }
  })
}
