import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { repository } from '../support/run-start.ts'

const pages = execFileSync('git', ['ls-files', '*.md'], { cwd: repository, encoding: 'utf8' })
  .trim()
  .split('\n')
const decisions = pages.filter((page) => /^docs\/adr\/\d/.test(page))
const read = (page: string) => readFileSync(join(repository, page), 'utf8')

/** What a page's headings are called in a link. */
const anchorsOf = (page: string) =>
  [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\d\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )

test('every link of every page leads to a file, and to a heading of it', () => {
  const links = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\((?!\w+:)([^)#]*)(?:#([^)]*))?\)/g)].map(([link, path = '', anchor]) => ({
      ...{ page, link, anchor },
      target: path === '' ? page : join(dirname(page), path),
    })),
  )
  expect(links.length).toBeGreaterThan(20)
  const broken = links.filter(
    ({ target, anchor }) =>
      !existsSync(join(repository, target)) || (anchor !== undefined && !anchorsOf(target).includes(anchor)),
  )
  expect(broken).toEqual([])
})

test('every decision has a number of its own, which its title says, and a status', () => {
  const numbers = decisions.map((page) => Number(basename(page).slice(0, 4)))
  expect(numbers.length).toBeGreaterThan(90)
  expect(new Set(numbers).size).toBe(numbers.length)
  const wrong = decisions.filter((page, index) => {
    const [title = '', , status = ''] = read(page).split('\n')
    return !title.startsWith(`# ${numbers[index]}. `) || !status.startsWith('Status: ')
  })
  expect(wrong).toEqual([])
})

test('a decision that the code names is there', () => {
  const known = new Set(decisions.map((page) => basename(page).slice(0, 4)))
  const named = execFileSync('git', ['grep', '-hoE', 'docs/adr/[0-9]{4}', '--', '*.ts', '*.tsx', '*.js'], {
    cwd: repository,
    encoding: 'utf8',
  })
  const numbers = [...named.matchAll(/\d{4}/g)].map(([number]) => number)
  expect(numbers.length).toBeGreaterThan(0)
  expect(numbers.filter((number) => !known.has(number))).toEqual([])
})
