import { readFileSync } from 'node:fs'

/** What the gateway itself answers in every client's graph: keys and flags. No module may have its name. */
export const ownModule = {
  name: 'registry',
  sdl: ['prelude', 'keys']
    .map((name) => readFileSync(new URL(`../../schema/${name}.graphql`, import.meta.url), 'utf8'))
    .join('\n'),
} as const
