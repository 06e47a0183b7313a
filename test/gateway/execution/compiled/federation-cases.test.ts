import { createPlanner } from '../../../../gateway/planning/create-planner.ts'
import { cases } from '../../../federation/cases.ts'
import { compose } from '../../../federation/compose.ts'
import { askBoth, errorsOf, respondersOf } from './both-executors.ts'

for (const federationCase of cases) {
  describe(`${federationCase.shows}: the answer is the reference's`, () => {
    const planner = createPlanner(compose(federationCase.subgraphs))
    for (const { asks, query, variables = {}, dead } of federationCase.questions) {
      test(asks, async () => {
        const responders = respondersOf(federationCase, dead)
        const { reference, ours } = await askBoth(planner, responders, { query, variables })
        expect(JSON.stringify(ours.data)).toBe(JSON.stringify(reference.data))
        expect(errorsOf(ours)).toEqual(errorsOf(reference))
      })
    }
  })
}
