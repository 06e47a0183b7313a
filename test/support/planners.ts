import { createPlannerPool } from '../../gateway/planning/planner-pool.ts'

/** The threads of a suite's gateways, one after another or side by side: to start them takes longer than most tests. */
export const planners = createPlannerPool()
afterAll(() => planners.close())
