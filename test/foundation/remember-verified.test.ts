import { rememberVerified } from '../../foundation/remember-verified.ts'
import { eventually } from '../support/eventually.ts'

describe('tokens that were verified before', () => {
  function start(keeps?: (verified: { of: string }) => boolean, endsAt: () => number | null = () => null) {
    const verified: string[] = []
    const keys = { text: 'first' }
    const verify = rememberVerified(
      async (token) => {
        if (token === 'forged') throw new Error('forged')
        verified.push(token)
        return { of: token }
      },
      { endsAt, basis: () => keys.text, ...(keeps && { keeps }) },
    )
    return { verify, verified, keys }
  }

  test('are verified once', async () => {
    const { verify, verified } = start()
    const first = await verify('a')
    expect(await verify('a')).toBe(first)
    await verify('b')
    expect(verified).toEqual(['a', 'b'])
  })

  test('and again when the keys are others', async () => {
    const { verify, verified, keys } = start()
    await verify('a')
    keys.text = 'second'
    await verify('a')
    expect(verified).toEqual(['a', 'a'])
  })

  test('also when the keys change while one is verified', async () => {
    const { verify, verified, keys } = start()
    const underWay = verify('a')
    keys.text = 'second'
    await underWay
    await verify('a')
    expect(verified).toEqual(['a', 'a'])
  })

  test('a refusal is not kept, nor what is not to be', async () => {
    const { verify, verified } = start(({ of }) => of !== 'a')
    await expect(verify('forged')).rejects.toThrow('forged')
    await expect(verify('forged')).rejects.toThrow('forged')
    await verify('a')
    await verify('a')
    expect(verified).toEqual(['a', 'a'])
  })

  test('are believed no longer than they live', async () => {
    const endsAt = Date.now() + 100
    const { verify, verified } = start(undefined, () => endsAt)
    await verify('a')
    await eventually('it is verified again', async () => {
      await verify('a')
      return verified.length > 1
    })
    expect(Date.now()).toBeGreaterThanOrEqual(endsAt - 1)
    await verify('a')
    expect(verified.length).toBeGreaterThan(2)
  })

  test('are bounded', async () => {
    const { verify, verified } = start()
    for (let n = 0; n < 10_001; n++) await verify(`token ${n}`)
    await verify('token 0')
    expect(verified).toHaveLength(10_002)
  })
})
