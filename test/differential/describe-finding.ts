import type { Answers } from './answers.ts'
import type { Finding } from './differential.ts'
import { subgraphSdl } from './print-sdl.ts'

const known = /^(extend schema| {2}"@key"|\]\)|scalar Blob|input Filter|enum Color)/

/** All that is needed to see a finding and to run it again. */
export function describeFinding({ name, what, world, operation, ...answers }: Finding): string {
  const { model } = world
  const sdls = model.subgraphs.map(
    (subgraph) =>
      `# ${subgraph}\n${subgraphSdl(model, subgraph)
        .split('\n')
        .filter((line) => !known.test(line))
        .join('\n')}`,
  )
  return [
    `\n=== ${what}\nnpm run differential -- --case ${name}`,
    ...sdls,
    `\n${operation.text}\nvariables ${JSON.stringify(operation.variables)}`,
    `expected ${print(answers.expected)}`,
    `actual   ${print(answers.actual)}`,
  ].join('\n')
}

function print(answers: Answers | null): string {
  return answers
    ? [...answers.results.map((result) => JSON.stringify(result)), ...answers.log].join('\n         ')
    : 'none'
}
