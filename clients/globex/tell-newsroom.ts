import type { HandlerContext } from '@trellis/sdk/plugin'
import type { Article } from './articles.ts'

export const newsroom = 'hooks.newsroom.example'

/** Tells the newsroom of what has just been published. Where nobody has set its token, there is no newsroom to tell. */
export async function tellNewsroom(
  event: { id: string; subject: string },
  { title }: Article,
  { secrets, fetch, log }: Pick<HandlerContext, 'secrets' | 'fetch' | 'log'>,
): Promise<void> {
  const token = await secrets.get('NEWSROOM_TOKEN')
  if (token === null) return
  const answer = await fetch(`https://${newsroom}/published`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      // The event may come again: by this the newsroom knows.
      'idempotency-key': event.id,
    },
    body: JSON.stringify({ id: event.subject, title }),
  })
  // Thrown: the platform tries again, later each time.
  if (!answer.ok) throw new Error(`The newsroom answered ${answer.status}.`)
  log('the newsroom was told of', event.subject)
}
