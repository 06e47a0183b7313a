import { z } from 'zod'
import type { Log } from '../foundation/log.ts'
import type { RunningService } from '../foundation/service.ts'
import type { Door } from './door.ts'
import { socketLimitSettings } from './ws/socket-limit-settings.ts'

/** What every gateway is told of its door. */
export const listeningSettings = {
  HOST: z.string().default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(4000),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  ...socketLimitSettings,
}

/** Opens the door; a gateway that cannot is closed. */
export async function startListening(
  gateway: Pick<Door, 'listen' | 'close'>,
  { HOST: host, PORT: port }: { HOST: string; PORT: number },
  log: Log,
): Promise<RunningService> {
  try {
    const url = await gateway.listen({ host, port })
    log.info({ url }, 'listening')
    return { url, close: gateway.close }
  } catch (error) {
    await gateway.close()
    throw error
  }
}
