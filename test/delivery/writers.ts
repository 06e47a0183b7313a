import { setTimeout as pause } from 'node:timers/promises'
import type { Answer } from '../support/graphql.ts'
import type { Acknowledged } from './model.ts'
import type { Random } from './random.ts'

export const collection = 'delivery'

/** A gateway that was frozen answers nothing; a person would try again by then. */
const patienceMs = 15_000

export type WriterOptions = {
  name: string
  /** Any of the gateways may be dead; the writer goes on with the next. */
  endpoints: readonly string[]
  headers: Readonly<Record<string, string>>
  random: Random
  acknowledged: Acknowledged
  /** No new change is begun after it; the one under way is brought to its end, whatever that takes. */
  signal: AbortSignal
}

type Written = { id: string; version: number }
type Attempt = { ok: true; written: Written } | { ok: false; answer: Answer<object> | null }

/** Changes records of its own, one change at a time, now and then in bursts. Each change is repeated until its fate is known. */
export async function write(options: WriterOptions): Promise<void> {
  const { name, random, acknowledged, signal } = options
  const records: Written[] = []
  for (let count = 1; !signal.aborted; count++) {
    if (records.length < 3 || random.next() < 0.02) {
      const record = await create(options, `${name}-${count}`)
      records.push(record)
      acknowledged.set(record.id, record.version)
    }
    const record = random.pick(records)
    const burst = random.next() < 0.1 ? 30 : 1
    for (let change = 0; change < burst && !signal.aborted; change++) {
      record.version = (await update(options, record, `${name}-${count}-${change}`)).version
      acknowledged.set(record.id, record.version)
    }
    await pause(random.between(0, 60))
  }
}

function create(options: WriterOptions, mark: string): Promise<Written> {
  return untilKnown(options, {
    query: `mutation ($collection: String!, $data: JSON!, $key: String) {
      written: createRecord(collection: $collection, data: $data, idempotencyKey: $key) { id version }
    }`,
    variables: { collection, data: { mark }, key: mark },
  })
}

function update(options: WriterOptions, { id, version }: Written, mark: string): Promise<Written> {
  const request = {
    query: `mutation ($id: ID!, $version: Int!, $patch: JSON!) {
      written: updateRecord(id: $id, expectedVersion: $version, patch: $patch) { id version }
    }`,
    variables: { id, version, patch: { mark } },
  }
  return untilKnown(options, request, (answer) => {
    const current = answer.errors?.find(({ extensions }) => extensions?.code === 'CONFLICT')?.extensions as
      | { current?: { version: number; data: { mark?: string } } }
      | undefined
    // An attempt of before that was never answered had got through.
    return current?.current?.data.mark === mark ? { id, version: current.current.version } : null
  })
}

async function untilKnown(
  { endpoints, headers, random }: WriterOptions,
  request: { query: string; variables: object },
  recognise: (answer: Answer<object>) => Written | null = () => null,
): Promise<Written> {
  for (;;) {
    const { ok, ...attempt } = await tryOnce(random.pick(endpoints), headers, request)
    if (ok && 'written' in attempt) return attempt.written
    const known = 'answer' in attempt && attempt.answer ? recognise(attempt.answer) : null
    if (known) return known
    if ('answer' in attempt && attempt.answer) refuseNonsense(attempt.answer)
    await pause(random.between(20, 200))
  }
}

async function tryOnce(
  endpoint: string,
  headers: Readonly<Record<string, string>>,
  request: { query: string; variables: object },
): Promise<Attempt> {
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(request),
      signal: AbortSignal.timeout(patienceMs),
    })
    const answer = (await response.json()) as Answer<{ written: Written | null }>
    const written = answer.data?.written
    return written ? { ok: true, written } : { ok: false, answer }
  } catch {
    return { ok: false, answer: null } // Nobody answered: whether it was done is not known.
  }
}

/** What is no outage is a fault of the test, or of the platform, and repeating it would hide it. */
function refuseNonsense({ errors = [] }: Answer<object>): void {
  const nonsense = new Set(['BAD_USER_INPUT', 'CONFLICT', 'FORBIDDEN', 'NOT_FOUND', 'VALIDATION_FAILED'])
  const fault = errors.find(({ extensions }) => nonsense.has(extensions?.code ?? ''))
  if (fault) throw new Error(`A writer was refused: ${JSON.stringify(fault)}`)
}
