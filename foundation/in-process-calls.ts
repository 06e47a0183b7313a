import type { Close } from './closing.ts'

/** What a POST would carry over HTTP. */
export type InProcessRequest = {
  /** With its query. */
  path: string
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>
  body: string
}

export type InProcessAnswer = { status: number; contentType: string; text: string }

/** Answers as over HTTP, with the same checks of token and size. Null: this is asked over HTTP alone. */
export type AnswerInProcess = (request: InProcessRequest) => Promise<InProcessAnswer> | null

/**
 * Calls between services that run in one process, by the origins of their addresses: without a connection, and in the
 * texts that go over HTTP, so that neither side can tell the other way, or change what is the other's.
 */
export type InProcessCalls = {
  /** Answers what is sent to this origin, until it is closed: that waits for what is being answered. */
  answerAt(origin: string, answer: AnswerInProcess): Close
  /** Null: nobody here is at this origin, or not for that; it is asked over HTTP. */
  call(origin: string, request: InProcessRequest): Promise<InProcessAnswer> | null
}

type Service = { answer: AnswerInProcess; answering: Set<Promise<unknown>> }

export function createInProcessCalls(): InProcessCalls {
  const services = new Map<string, Service>()
  return {
    answerAt(origin, answer) {
      const service: Service = { answer, answering: new Set() }
      services.set(origin, service)
      return async () => {
        if (services.get(origin) === service) services.delete(origin)
        await Promise.allSettled(service.answering)
      }
    },
    call(origin, request) {
      const service = services.get(origin)
      const answer = service?.answer(request)
      if (!service || !answer) return null
      const { answering } = service
      answering.add(answer)
      const forget = () => answering.delete(answer)
      answer.then(forget, forget)
      return answer
    },
  }
}
