import { composeForClient } from '../../../gateway/composition/compose-for-client.ts'
import { createPlannerPool } from '../../../gateway/planning/planner-pool.ts'

const pool = createPlannerPool({ threads: 1 })
afterAll(() => pool.close())

const link =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])\n'
const users = {
  name: 'users',
  sdl: `${link}type Query { me: User } type User @key(fields: "id") { id: ID! }`,
}
const data = { name: 'data', sdl: `${link}type User @key(fields: "id") { id: ID! records: Int }` }
const broken = { name: 'data', sdl: `${link}type User @key(fields: "id") { id: ID! records: Missing }` }

describe('composition in threads', () => {
  test('answers as in this thread, right and wrong', async () => {
    for (const sources of [[users, data], [users, broken], [data], [{ name: 'a', sdl: 'type {' }]]) {
      expect(await pool.compose(sources)).toEqual(composeForClient(sources))
    }
  })

  test('equal sources are composed once, however many ask and whenever', async () => {
    const copy = () => [users, { ...data, sdl: `${data.sdl} ` }].map((source) => ({ ...source }))
    const all = await Promise.all(Array.from({ length: 20 }, () => pool.compose(copy())))
    expect(new Set(all).size).toBe(1)
    expect(await pool.compose(copy())).toBe(all[0])
    expect(await pool.compose([users, data])).not.toBe(all[0])
  })

  test('the event loop goes on meanwhile', async () => {
    const many = Array.from({ length: 20 }, (_, n) => ({
      name: `m${n}`,
      sdl: `${link}type Query { m${n}: T${n} } type T${n} { ${Array.from({ length: 100 }, (_, f) => `f${f}: Int`).join(' ')} }`,
    }))
    let turns = 0
    let isComposing = true
    const count = () => {
      turns += 1
      if (isComposing) setImmediate(count)
    }
    count()
    expect(await pool.compose(many)).toMatchObject({ ok: true })
    isComposing = false
    expect(turns).toBeGreaterThan(10)
  })

  test('schemas that take too long are an answer, and the next ones are composed', async () => {
    const impatient = createPlannerPool({ threads: 1, timeoutMs: 1 })
    const large = Array.from({ length: 300 }, (_, n) => `type T${n} { id: ID! t: T${(n + 1) % 300} }`)
    const slow = [{ name: 'a', sdl: `${link}type Query { t: T0 } ${large.join('\n')}` }]
    expect(await impatient.compose(slow)).toMatchObject({ ok: false, errors: [{ code: 'TOO_COMPLEX' }] })
    await impatient.close()
    await expect(impatient.compose([users])).rejects.toMatchObject({
      code: 'PLANNING_OVERLOADED',
    })
  })
})
