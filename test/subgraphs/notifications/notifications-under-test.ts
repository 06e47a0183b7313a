import type { ClientViewer } from '../../../foundation/viewer.ts'
import { start } from '../../../subgraphs/notifications/main.ts'
import { type Answer, type ModuleUnderTest, startModuleUnderTest } from '../../support/module-under-test.ts'

export type NotificationsUnderTest = ModuleUnderTest & {
  /** Sends a notification, and answers with `notify`'s whole answer. */
  notify(viewer: ClientViewer, input: object): Promise<Answer>
  /** Sends a notification and answers its id. */
  send(viewer: ClientViewer, userId: string, title?: string): Promise<string>
}

export const notificationFields = 'id topic title body data recipient { id } readAt'

export async function startNotifications(): Promise<NotificationsUnderTest> {
  const module = await startModuleUnderTest('notifications', start)
  const notify: NotificationsUnderTest['notify'] = (viewer, input) =>
    module.ask(
      viewer,
      `mutation ($input: NotifyInput!) { notify(input: $input) { ${notificationFields} } }`,
      { input },
    )
  return {
    ...module,
    notify,
    async send(viewer, userId, title = 'A title') {
      const { data, errors } = await notify(viewer, { userId, topic: 'orders', title, body: 'A body' })
      if (!data?.notify) throw new Error(JSON.stringify(errors))
      return (data.notify as { id: string }).id
    },
  }
}
