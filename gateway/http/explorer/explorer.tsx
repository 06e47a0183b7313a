import { GraphiQL } from 'graphiql'
import { useEffect, useMemo, useState } from 'react'
import { connect } from './connection.ts'
import { type Credentials, isPresent, loadCredentials, saveCredentials } from './credentials.ts'
import { CredentialsBar } from './credentials-bar.tsx'

const welcome = `# Ctrl+Space completes, Ctrl+Enter runs.
# The book on the left is the documentation
# of the schema your key or token opens.

{
  __typename
}
`

/** The page: credentials on top, GraphiQL over that client's schema beneath. */
export function Explorer() {
  const [credentials, setCredentials] = useState(loadCredentials)
  const connection = useMemo(() => connect(credentials), [credentials])
  useEffect(() => connection.close, [connection])

  const use = (next: Credentials) => {
    saveCredentials(next)
    setCredentials(next)
  }

  return (
    <>
      <CredentialsBar credentials={credentials} onChange={use} />
      {isPresent(credentials) ? (
        // Another credential may mean another client: nothing of the former schema may stay, so the editor is made anew.
        <GraphiQL
          key={`${credentials.apiKey}\n${credentials.accessToken}`}
          fetcher={connection.fetcher}
          initialQuery={welcome}
          shouldPersistHeaders={false}
          isHeadersEditorEnabled={false}
        >
          {/* The name stands in the bar above. */}
          <GraphiQL.Logo> </GraphiQL.Logo>
        </GraphiQL>
      ) : (
        <main className="welcome">
          <h1>One endpoint, one schema per client</h1>
          <p>
            Set an API key or an access token above to see the schema it opens. A publishable key is enough to
            sign up and to sign in; the access token of that session, alone or beside the key, shows the rest.
          </p>
        </main>
      )}
    </>
  )
}
