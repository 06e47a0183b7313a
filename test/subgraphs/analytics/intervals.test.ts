import { Client } from 'pg'
import { type Interval, intervalStarts, truncationUnits } from '../../../subgraphs/analytics/intervals.ts'

const starts = (from: string, to: string, interval: Interval, most = 1000) =>
  intervalStarts({ from: new Date(from), to: new Date(to) }, interval, most).map((start) =>
    start.toISOString(),
  )

describe('intervalStarts', () => {
  test.each<[Interval, string, string, string[]]>([
    [
      'MINUTE',
      '2026-01-01T00:00:30Z',
      '2026-01-01T00:02:00Z',
      ['2026-01-01T00:00:00.000Z', '2026-01-01T00:01:00.000Z'],
    ],
    [
      'HOUR',
      '2026-01-01T23:59:59.999Z',
      '2026-01-02T00:00:00.001Z',
      ['2026-01-01T23:00:00.000Z', '2026-01-02T00:00:00.000Z'],
    ],
    [
      'DAY',
      '2026-03-28T12:00:00Z',
      '2026-03-30T00:00:00Z',
      ['2026-03-28T00:00:00.000Z', '2026-03-29T00:00:00.000Z'],
    ],
    [
      'WEEK',
      '2026-01-04T00:00:00Z',
      '2026-01-05T00:00:01Z',
      ['2025-12-29T00:00:00.000Z', '2026-01-05T00:00:00.000Z'],
    ],
    [
      'MONTH',
      '2026-01-31T00:00:00Z',
      '2026-03-01T00:00:00Z',
      ['2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z'],
    ],
  ])('%s from %s to %s', (interval, from, to, expected) => {
    expect(starts(from, to, interval)).toEqual(expected)
  })

  test.each([
    ['an empty range', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'],
    ['a range backwards', '2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z'],
    ['too many', '2026-01-01T00:00:00Z', '2026-01-01T16:40:01Z'],
    ['too early', '0001-01-01T00:00:00Z', '0001-01-01T00:01:00Z'],
    ['too late', '9999-01-01T00:00:00Z', '9999-01-01T00:01:00Z'],
    ['no time', 'x', '2026-01-01T00:00:00Z'],
  ])('%s is refused', (_what, from, to) => {
    expect(() => starts(from, to, 'MINUTE')).toThrow(
      expect.objectContaining({ extensions: { code: 'BAD_USER_INPUT' } }),
    )
  })

  test('as many as allowed are not too many', () => {
    expect(starts('2026-01-01T00:00:00Z', '2026-01-01T16:40:00Z', 'MINUTE')).toHaveLength(1000)
  })

  test('they are where PostgreSQL truncates to, in any time zone of the session', async () => {
    const database = new Client({ connectionString: process.env.TRELLIS_TEST_DATABASE_URL })
    await database.connect()
    try {
      await database.query("SET TIME ZONE 'Pacific/Auckland'")
      for (const interval of ['MINUTE', 'HOUR', 'DAY', 'WEEK', 'MONTH'] as const) {
        for (const time of [
          '1970-01-01T00:00:00Z',
          '1999-12-31T23:59:59.999Z',
          '2024-02-29T12:34:56Z',
          '2026-11-01T00:00:00Z',
        ]) {
          const { rows } = await database.query("SELECT date_trunc($1, $2::timestamptz, 'UTC') AS start", [
            truncationUnits[interval],
            time,
          ])
          // The week that has the first of January 1970 begins in 1969.
          const [first] = intervalStarts(
            { from: new Date(time), to: new Date(Date.parse(time) + 1) },
            interval,
            2,
          )
          expect([interval, time, first]).toEqual([interval, time, rows[0].start])
        }
      }
    } finally {
      await database.end()
    }
  })
})
