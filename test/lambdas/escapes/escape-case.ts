/**
 * What an author's code tries, as the body of a lambda with `ctx` and `args` in reach, and how that ends: with an answer
 * that shows that nothing was reached, or with the code of the limit it met. Where which limit comes first depends on
 * the machine, each of them is named.
 */
export type EscapeCase = { tries: string; body: string } & (
  | { answers: string }
  | { endsWith: readonly string[] }
)

/** An expression that says what it has reached: `undefined`, in words, when that is nothing. */
export function reachesNothing(expression: string): EscapeCase {
  return { tries: expression, body: `return String(${expression})`, answers: 'undefined' }
}
