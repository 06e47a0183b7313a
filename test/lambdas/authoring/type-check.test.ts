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

test('what takes too long is ended, and the next check goes on', async () => {
  const levels = Array.from({ length: 24 }, (_, n) => `type T${n + 1} = [T${n}, T${n}] | T${n}[][]`).join(
    '\n',
  )
  const bomb = file(`type T0 = { a: T0 } | string\n${levels}\nexport const x: T24 = null as unknown as T23[]`)
  const ended = types.check([bomb], null, AbortSignal.timeout(1)).catch((error: Error) => error.name)
  expect(await ended).toBe('TimeoutError')
  expect(await placesOf(file('export const text: string = 1'))).toEqual(['TS2322 plugin.ts 1'])
})
