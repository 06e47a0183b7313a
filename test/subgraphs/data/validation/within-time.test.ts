import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { TimeExceeded, withinTime } from '../../../../subgraphs/data/validation/within-time.ts'
import { eventually } from '../../../support/eventually.ts'

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
  const ms = 300
  const url = new URL('../../../../subgraphs/data/validation/within-time.ts', import.meta.url)
  const code = `
    import { writeSync } from 'node:fs'
    import { withinTime } from '${url}'
    let attempts = 0
    const compute = (ms) => { for (const { user } = process.cpuUsage(); process.cpuUsage().user - user < ms * 1_000; ); }
    withinTime(${ms}, () => {
      attempts++
      if (attempts > 1) return
      process.kill(process.pid, 'SIGSTOP')
      compute(${ms / 3})
    })
    writeSync(1, 'done after ' + attempts)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code])
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  const frozenAt = await eventually('it has frozen itself', async () => {
    const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8')
    return /\) T /.test(stat) && performance.now()
  })
  await eventually('that is longer than the work may take', () => performance.now() > frozenAt + ms)
  child.kill('SIGCONT')
  await once(child, 'close')
  expect(output).toBe('done after 2')
})
