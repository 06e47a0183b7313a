import { readFile } from 'node:fs/promises'
import { ApolloServerErrorCode } from '@apollo/server/errors'
import { errorCatalogue } from '../../foundation/errors.ts'

const page = new URL('../../docs/errors.md', import.meta.url)

/** `code | status | meaning`, as the page has them. */
async function readRows(heading: string): Promise<string[]> {
  const section = (await readFile(page, 'utf8')).split('\n## ').find((part) => part.startsWith(heading)) ?? ''
  return section.split('\n').filter((line) => line.startsWith('| `'))
}

describe('docs/errors.md', () => {
  test('has every code of the catalogue, with its status and meaning, in its order, and no other', async () => {
    const catalogue = Object.entries(errorCatalogue).map(
      ([code, { status, meaning }]) => `| \`${code}\` | ${status} | ${meaning} |`,
    )
    expect(await readRows('Of the platform')).toEqual(catalogue)
  })

  test('has every code that Apollo Server adds', async () => {
    const codes = (await readRows('Of the request')).map((row) => /`(\w+)`/.exec(row)?.[1])
    // Persisted queries are supported here, so that one is never met.
    const never = ['PERSISTED_QUERY_NOT_SUPPORTED']
    const added = Object.values(ApolloServerErrorCode).filter(
      (code) => !(code in errorCatalogue) && !never.includes(code),
    )
    expect(codes.sort()).toEqual(added.sort())
  })
})
