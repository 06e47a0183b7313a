import { spawn } from 'node:child_process'
import { once } from 'node:events'

/*
 * `npm run check`, when the generated code is there: types, lint and format, imports. Side by side: the first keeps one
 * core for longer than the others need. Each says all that it finds.
 */
const checks = ['tsc', 'biome ci --error-on-warnings', 'depcruise . --config .dependency-cruiser.cjs']
const statuses = await Promise.all(
  checks.map(async (check) => {
    const [status] = await once(spawn(check, { shell: true, stdio: 'inherit' }), 'close')
    return status
  }),
)
process.exitCode = statuses.every((status) => status === 0) ? 0 : 1
