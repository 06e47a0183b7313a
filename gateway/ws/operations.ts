import type { GraphQLFormattedError } from 'graphql'
import { TrellisError } from '../../foundation/errors.ts'
import type { Answer } from '../subscriptions/follow-operation.ts'
import type { Answers } from '../subscriptions/read-group.ts'
import type { Resume } from '../subscriptions/subscribe-operation.ts'
import type { ShowError } from '../supergraph/show-error.ts'
import { deliverAnswers } from './deliver-answers.ts'
import type { OperationPayload, Outcome } from './run-operation.ts'
import { encodeText, type SocketChannel } from './socket-channel.ts'

/** The operations of one socket, by the ids that the client gave them. */
export type Operations = {
  has(id: string): boolean
  count(): number
  /** How many of them are subscriptions that have begun. */
  subscriptions(): number
  start(id: string, payload: OperationPayload): void
  /** Says nothing to the client. */
  stop(id: string): void
  /** Ends every subscription with this error. */
  failSubscriptions(error: TrellisError): void
  /** Whoever asks is somebody else now, of the same name: subscriptions go on with what they may see. */
  restartSubscriptions(): void
  stopAll(): void
  /** Once all that is not a subscription has been answered. */
  answered(): Promise<void>
}

export type OperationsOptions = {
  channel: SocketChannel
  run(payload: OperationPayload, resume?: Resume): Promise<Outcome>
  /** The end of a message, from an answer's text on: the same bytes for all sockets. */
  encode(answer: Answer): string
  /** Asked for each answer of a subscription: whether it may still be sent. Ends the socket, or its subscriptions, if not. */
  mayReceive(): boolean
  show: ShowError
}

type Operation = { payload: OperationPayload; answers: Answers | null; ended: Promise<void> }

export function createOperations({ channel, run, encode, mayReceive, show }: OperationsOptions): Operations {
  const operations = new Map<string, Operation>()

  const send = (id: string, type: 'next' | 'error', payload: string) =>
    channel.send(`{"id":${JSON.stringify(id)},"type":"${type}","payload":${payload}}`)
  const complete = (id: string) => channel.send(JSON.stringify({ id, type: 'complete' }))
  const fail = (id: string, errors: readonly GraphQLFormattedError[]) => {
    operations.delete(id)
    send(id, 'error', JSON.stringify(errors))
  }

  /** An id may be given again once its operation is stopped: what is still under way then says nothing any more. */
  const follow = async (id: string, operation: Operation, resume?: Resume): Promise<void> => {
    const isCurrent = () => operations.get(id) === operation
    const outcome = await run(operation.payload, resume)
    if (!isCurrent()) return leave(outcome)
    switch (outcome.kind) {
      case 'refused':
        return fail(id, outcome.errors)
      case 'result':
        send(id, 'next', outcome.text)
        operations.delete(id)
        return complete(id)
      case 'answers':
        return deliver(id, operation, outcome.answers)
      default:
        return outcome satisfies never
    }
  }
  const deliver = (id: string, operation: Operation, answers: Answers): void => {
    const isWanted = () => operations.get(id) === operation && operation.answers === answers
    const head = encodeText(`{"id":${JSON.stringify(id)},"type":"next","payload":`)
    operation.answers = answers
    deliverAnswers({
      answers,
      channel,
      isWanted,
      take(step) {
        if (step.done) {
          operations.delete(id)
          complete(id)
          return false
        }
        if (!mayReceive()) return false
        channel.sendParts(head, encode(step.value))
        return true
      },
      fail(error) {
        if (isWanted()) fail(id, [show(error)])
      },
    })
  }
  const stop = (id: string) => {
    const operation = operations.get(id)
    operations.delete(id)
    end(operation?.answers)
  }
  const begin = (id: string, operation: Operation, resume?: Resume) => {
    operation.ended = follow(id, operation, resume).catch((error) => {
      if (operations.get(id) === operation) fail(id, [show(error)])
    })
  }
  const begun = () => [...operations].filter(([, { answers }]) => answers !== null)

  return {
    has: (id) => operations.has(id),
    count: () => operations.size,
    subscriptions: () => begun().length,
    start(id, payload) {
      const operation = { payload, answers: null, ended: Promise.resolve() }
      operations.set(id, operation)
      begin(id, operation)
    },
    stop,
    failSubscriptions(error) {
      for (const [id, { answers }] of begun()) {
        fail(id, [show(error)])
        end(answers)
      }
    },
    restartSubscriptions() {
      for (const [id, operation] of begun()) {
        const { answers } = operation
        const cursor = answers?.cursor?.() ?? null
        operation.answers = null
        end(answers)
        if (cursor === null) fail(id, [show(notResumable())])
        else begin(id, operation, { cursor, hasBegun: true })
      }
    },
    stopAll() {
      for (const id of [...operations.keys()]) stop(id)
    },
    async answered() {
      const pending = [...operations.values()].filter(({ answers }) => answers === null)
      await Promise.all(pending.map(({ ended }) => ended))
    },
  }
}

function notResumable(): TrellisError {
  return new TrellisError('SUBSCRIPTION_INTERRUPTED', 'You may see something else now; subscribe again.')
}

function leave(outcome: Outcome): void {
  if (outcome.kind === 'answers') end(outcome.answers)
}

/** Its stream ends with it, if nobody else reads that; what may go wrong then is the stream's affair. */
function end(answers: Answers | null | undefined): void {
  answers?.return().catch(() => undefined)
}
