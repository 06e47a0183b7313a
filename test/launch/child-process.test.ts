import { startAsChild } from '../../launch/child-process.ts'
import { eventually } from '../support/eventually.ts'

test('a service that was killed is back at the address it had', async () => {
  const said: string[] = []
  const service = { name: 'small', main: new URL('./small-service.ts', import.meta.url), env: { PORT: '0' } }
  const running = await startAsChild(service, {
    say: (line) => said.push(line),
    env: { PATH: process.env.PATH },
  })
  try {
    const processId = async () => Number(await (await fetch(running.url)).text())
    const before = await processId()
    process.kill(before, 'SIGKILL')
    await eventually('another process answers there', async () => {
      const now = await processId().catch(() => before)
      return now !== before
    })
    expect(said).toEqual([expect.stringContaining('small has ended (SIGKILL)')])
  } finally {
    await running.close()
  }
})
