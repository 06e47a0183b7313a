import { startServices } from '../../launch/start-services.ts'

/** A service out of the body of its `start(env, { inProcess })`. */
const service = (name: string, body: string) => ({
  name,
  main: new URL(
    `data:text/javascript,${encodeURIComponent(`export async function start(env, { inProcess }) { ${body} }`)}`,
  ),
  env: {},
})
const options = { apart: false, env: {}, say: () => undefined }

test('all in one, services call one another without a connection', async () => {
  const answering = `
    const close = inProcess.answerAt('http://a', async ({ body }) => ({ status: 200, contentType: '', text: body + '!' }))
    return { url: 'http://a', close }`
  const calling = `
    const call = () => inProcess.call('http://a', { path: '/', headers: {}, body: 'here' })
    let answer = call()
    while (!answer) answer = await new Promise(setImmediate).then(call)
    return { url: (await answer).text, close: async () => undefined }`
  const running = await startServices([service('a', answering), service('b', calling)], options)
  expect(running.urls).toEqual({ a: 'http://a', b: 'here!' })
  await running.close()
})
