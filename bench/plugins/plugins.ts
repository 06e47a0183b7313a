import { type Bench, numberOption } from '../bench.ts'
import { measureIsolates } from './isolates.ts'
import { published } from './published.ts'
import { measureThroughGateway } from './through-gateway.ts'

export const run: Bench = async (options) => {
  const rounds = numberOption(options, 'rounds', 3)
  const platform = await measureThroughGateway(rounds)
  const isolates = await measureIsolates()
  return {
    rows: [...platform.rows, ...isolates.rows, ...published],
    aims: [...platform.aims, ...isolates.aims],
  }
}
