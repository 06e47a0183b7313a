import { parseConfig } from '../../foundation/config.ts'
import { gatewaySettings, launchSettings } from '../../launch/settings.ts'

test('limits of sockets reach the gateway as they were given, or as they are by default', () => {
  const given = parseConfig(launchSettings, { TRELLIS_MAX_SOCKETS: '7' })
  expect(gatewaySettings(given)).toMatchObject({
    TRELLIS_MAX_SOCKETS: '7',
    TRELLIS_MAX_SOCKETS_PER_USER: '100',
  })
})

test('a limit that is no limit is refused at the door', () => {
  expect(() => parseConfig(launchSettings, { TRELLIS_MAX_SOCKETS: '0' })).toThrow('TRELLIS_MAX_SOCKETS')
})
