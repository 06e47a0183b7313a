import { openTypeCheck, type TypeCheck } from '../../../lambdas/authoring/open-type-check.ts'

let types: TypeCheck
beforeAll(() => {
  types = openTypeCheck()
})
afterAll(() => types?.close())

const file = (content: string, path = 'plugin.ts') => ({ path, content })
const placesOf = async (...files: { path: string; content: string }[]) =>
  (await types.check(files, null)).map(({ code, file, line }) => `${code} ${file} ${line}`)

test('faults have their file and line; what changes is checked anew', async () => {
  const library = file('export const total: number = 1', 'lib/total.ts')
  const plugin = (word: string) =>
    file(`import { total } from './lib/total.ts'\n\nexport const text: string = ${word}`)
  expect(await placesOf(plugin('total'), library)).toEqual(['TS2322 plugin.ts 3'])
  expect(await placesOf(plugin('String(total)'), library)).toEqual([])
  expect(await placesOf(plugin('String(total)'))).toEqual(['TS2307 plugin.ts 1'])
  expect(await placesOf(file('const = 1'))).toContain('TS1134 plugin.ts 1')
})

test.each(['/etc/passwd', '../../package.json', 'node:fs', 'graphql', 'typescript'])(
  'nothing of this machine is read: %s',
  async (path) => {
    expect(await placesOf(file(`import * as all from '${path}'\nexport const found = all`))).toEqual([
      expect.stringMatching(/^TS(2307|2591|2732|6137) plugin\.ts 1$/),
    ])
    expect(
      await placesOf(file(`/// <reference path="${path}" />\nexport const found = process`)),
    ).toContainEqual(expect.stringMatching(/^TS2\d+ plugin\.ts 2$/))
  },
)

describe('types that explode cost their thread, and are a fault', () => {
  const notChecked = (why: string) => [
    { code: 'TYPES_NOT_CHECKED', message: `Its types cannot be checked. ${why}`, file: null, line: null },
  ]
  const checksAgain = async () =>
    expect(await placesOf(file('export const text: string = 1'))).toEqual(['TS2322 plugin.ts 1'])

  test('memory: unions of 90,000 strings, many of them', async () => {
    const lean = openTypeCheck(64)
    const digit = `type D = ${Array.from({ length: 10 }, (_, n) => `'${n}'`).join(' | ')}`
    const unions = Array.from(
      { length: 60 },
      (_, n) => `export const a${n}: \`${n}x\${D}\${D}\${D}\${D}\${Exclude<D, '0'>}\` = 'x' as never`,
    )
    const [exploding, next] = await Promise.all([
      lean.check([file([digit, ...unions].join('\n'))], null),
      lean.check([file('export const text: string = 1')], null),
    ])
    await lean.close()
    expect(exploding).toEqual(notChecked('They need more than 64 MB.'))
    expect(next.map(({ code }) => code)).toEqual(['TS2322'])
  }, 60_000)

  test('depth: 20,000 levels', async () => {
    const nested = file(`export type Deep = ${'['.repeat(20_000)}${']'.repeat(20_000)}`)
    expect(await types.check([nested], null)).toEqual(notChecked('They are nested too deeply.'))
    await checksAgain()
  })

  test('time: a sum of 100,000, whose type is asked for at each step', async () => {
    const endless = file(`export const sum = ${'1 + '.repeat(100_000)}1`)
    expect(await types.check([endless], null, 1)).toEqual(notChecked('They take longer than 0.001 s.'))
    await checksAgain()
  })
})

test('whoever closes it ends what is being checked', async () => {
  const closing = openTypeCheck()
  const checks = [1, 2].map(() => closing.check([file('export const text = 1')], null))
  const ended = Promise.allSettled(checks)
  await closing.close()
  expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})
