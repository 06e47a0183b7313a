import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { TimeExceeded, withinTime } from '../../../../subgraphs/data/validation/within-time.ts'

test('work within its time gives its result, and throws its own errors', () => {
  expect(withinTime(250, () => 6 * 7)).toBe(42)
  expect(() =>
    withinTime(250, () => {
      throw new RangeError('its own')
    }),
  ).toThrow('its own')
})

test('work that computes without end is stopped', () => {
  expect(() =>
    withinTime(20, () => {
      for (;;);
    }),
  ).toThrow(TimeExceeded)
})

test('a process that is frozen in the middle of the work does not count as the fault of the work', async () => {
  const url = new URL('../../../../subgraphs/data/validation/within-time.ts', import.meta.url)
  const code = `
    import { writeSync } from 'node:fs'
    import { withinTime } from '${url}'
    let attempts = 0
    const spin = (ms) => { for (const end = performance.now() + ms; performance.now() < end; ); }
    withinTime(1_000, () => { attempts++; writeSync(1, 'begun '); if (attempts === 1) spin(300) })
    writeSync(1, 'done after ' + attempts)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code])
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  await once(child.stdout, 'data')
  child.kill('SIGSTOP')
  await new Promise((resolve) => setTimeout(resolve, 1_500)) // longer than the work may take
  child.kill('SIGCONT')
  await once(child, 'close')
  expect(output).toBe('begun begun done after 2')
})
