import { randomBytes } from 'node:crypto'
import type { ClientViewer } from '../../../foundation/viewer.ts'
import { start } from '../../../subgraphs/users/main.ts'
import { type ModuleUnderTest, startModuleUnderTest, viewersOf } from '../../support/module-under-test.ts'

export type SessionAnswer = {
  accessToken: string
  accessTokenExpiresAt: string
  refreshToken: string
  user: { id: string }
}

export const sessionFields = 'accessToken accessTokenExpiresAt refreshToken user { id name email roles }'

/** The users module with a clock that the test moves. */
export type UsersUnderTest = ModuleUnderTest & {
  clock: { offsetMs: number }
  /** An account, and its first session. */
  join(client: string, email: string, password?: string): Promise<SessionAnswer>
  refresh(viewer: ClientViewer, refreshToken: string): ReturnType<ModuleUnderTest['ask']>
}

export async function startUsers(): Promise<UsersUnderTest> {
  const clock = { offsetMs: 0 }
  const now = () => new Date(Date.now() + clock.offsetMs)
  const fieldKey = randomBytes(32).toString('base64')
  const users = await startModuleUnderTest('users', (env) => start(env, { now }), {
    TRELLIS_FIELD_KEY: fieldKey,
  })
  return {
    ...users,
    clock,
    async join(client, email, password = 'correct horse') {
      const { frontend } = viewersOf(client)
      const name = email.split('@')[0]
      await users.ask(
        frontend,
        'mutation ($input: SignUpInput!) { signUp(input: $input) { session { accessToken } } }',
        {
          input: { email, password, name },
        },
      )
      const { data, errors } = await users.ask(
        frontend,
        `mutation ($input: SignInInput!) { signIn(input: $input) { session { ${sessionFields} } } }`,
        { input: { email, password } },
      )
      if (!data) throw new Error(JSON.stringify(errors))
      return (data.signIn as { session: SessionAnswer }).session
    },
    refresh: (viewer, refreshToken) =>
      users.ask(viewer, `mutation ($t: String!) { refreshSession(refreshToken: $t) { ${sessionFields} } }`, {
        t: refreshToken,
      }),
  }
}
