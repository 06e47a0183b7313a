import { type SubmitEvent, useState } from 'react'
import type { Credentials } from './credentials.ts'

/** Two fields and a button; what is typed takes effect when it is sent off, not with each letter. */
export function CredentialsBar(props: { credentials: Credentials; onChange(next: Credentials): void }) {
  const [draft, setDraft] = useState(props.credentials)
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    props.onChange({
      apiKey: draft.apiKey.trim(),
      accessToken: draft.accessToken.trim().replace(/^Bearer\s+/i, ''),
    })
  }
  return (
    <form className="credentials" onSubmit={submit}>
      <strong>Trellis</strong>
      <label>
        API key
        <input
          name="apiKey"
          autoComplete="off"
          spellCheck={false}
          placeholder="trellis_…"
          value={draft.apiKey}
          onChange={(event) => setDraft({ ...draft, apiKey: event.target.value })}
        />
      </label>
      <label>
        Access token
        <input
          name="accessToken"
          autoComplete="off"
          spellCheck={false}
          placeholder="of a signed-in user"
          value={draft.accessToken}
          onChange={(event) => setDraft({ ...draft, accessToken: event.target.value })}
        />
      </label>
      <button type="submit">Use</button>
    </form>
  )
}
