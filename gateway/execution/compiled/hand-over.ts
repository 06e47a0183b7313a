/**
 * Thrown where the compiled executor meets something it was not made for, in an operation or at run time: the reference
 * executor answers instead.
 */
export class HandOver extends Error {
  override name = 'HandOver'
}
