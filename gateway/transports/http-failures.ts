// Why a call over HTTP has no answer. Whatever else goes wrong with a connection comes as it is.

/** A connection was not open, or an answer not whole, in time. */
export class CallTimedOut extends Error {
  override name = 'CallTimedOut'
}

export class AnswerTooLarge extends Error {
  override name = 'AnswerTooLarge'
}

/** Not HTTP, or HTTP that two readers could take for different things. */
export class MalformedAnswer extends Error {
  override name = 'MalformedAnswer'
}
