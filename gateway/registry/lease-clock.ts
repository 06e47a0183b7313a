/**
 * By which moment leases are judged: that of the last contact with the database, since nobody can renew one without it.
 * After an absence everybody has the time to come back: until then it is the moment before the absence.
 */
export type LeaseClock = {
  /** There is contact now. @returns leases that ended after this hold, in ms since the epoch */
  contact(): number
  /** The last contact of a run before this one. */
  resume(asOf: number): void
}

/** An absence is more than a poll that came late. */
const absenceMs = 7_000
/** More than an instance takes to try again. */
const graceMs = 10_000

export function createLeaseClock(now: () => number = Date.now): LeaseClock {
  let last = now()
  let absence = { asOf: 0, until: 0 }
  return {
    contact() {
      const moment = now()
      if (moment - last > absenceMs && moment > absence.until)
        absence = { asOf: last, until: moment + graceMs }
      last = moment
      return moment < absence.until ? absence.asOf : moment
    },
    resume(asOf) {
      last = asOf
    },
  }
}
