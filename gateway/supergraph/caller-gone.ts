/**
 * Why what a caller asked for ends: nobody reads the answer any more. That is the caller's to do, and no fault. One for
 * all, for an error that is made each time is made with its stack.
 */
export const callerGone = new Error('The caller is gone.')
