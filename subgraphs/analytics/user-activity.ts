import { TrellisError } from '../../foundation/errors.ts'
import { isStorableText } from '../../foundation/storable-text.ts'
import { mayReadAnalytics, requireMember } from '../access.ts'
import type { AnalyticsContext } from './context.ts'
import type { Series } from './series.ts'

export type ActivityInput = { from?: Date | null; to?: Date | null }

const dayMs = 24 * 60 * 60 * 1000
const defaultDays = 30

/** @throws {TrellisError} FORBIDDEN unless it is the viewer, or an editor asks; BAD_USER_INPUT for an unusable range */
export async function userActivity(
  { viewer, activity, answeredAt }: AnalyticsContext,
  userId: string,
  { from, to }: ActivityInput,
): Promise<Series[]> {
  const member = requireMember(viewer, 'analytics:read')
  const self = member.kind === 'USER' && member.userId === userId
  if (!self && !mayReadAnalytics(member)) {
    throw new TrellisError('FORBIDDEN', 'The activity of others needs the role EDITOR or ADMIN.')
  }
  if (!isStorableText(userId)) return []
  const end = to ?? answeredAt
  return activity.load({
    userId,
    range: { from: from ?? new Date(end.getTime() - defaultDays * dayMs), to: end },
  })
}
