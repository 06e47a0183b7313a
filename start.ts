import { enableCompileCache } from 'node:module'
import { join, resolve } from 'node:path'
import { bounded } from './foundation/closing.ts'
import { ConfigError, parseConfig } from './foundation/config.ts'
import { keepRequestsYoung } from './foundation/garbage-collector.ts'
import { renderBanner } from './launch/banner.ts'
import { openDataDirectory } from './launch/data-directory.ts'
import { startDatabase } from './launch/database.ts'
import { writeDemoFile } from './launch/demo/demo-file.ts'
import { prepareDemo } from './launch/demo/prepare-demo.ts'
import { watchPlugins } from './launch/demo/watch-plugins.ts'
import { findGatewayPort } from './launch/gateway-port.ts'
import { refreshGeneratedCode } from './launch/generated-code.ts'
import { preload } from './launch/in-process.ts'
import { createLifetime, Interrupted, type Lifetime } from './launch/lifetime.ts'
import { openSecrets, type Secrets, saveSecrets } from './launch/secrets.ts'
import { gatewayUrl, listServices, serviceMains } from './launch/services.ts'
import {
  gatewaySettings,
  inheritedEnv,
  type LaunchSettings,
  launchSettings,
  readArguments,
  wantsDemo,
} from './launch/settings.ts'
import { StartError } from './launch/start-error.ts'
import { startServices } from './launch/start-services.ts'
import { waitUntilReady } from './launch/wait-until-ready.ts'
import { MigrationError } from './prisma/migrate.ts'

/** Longer than a service takes at the most; what still runs then is ended by force, and the database recovers. */
const closesWithinMs = 30_000

/**
 * `npm start`: the whole platform on this machine, from its database to its demo data.
 *
 * @param apart each service in a process of its own
 * @returns what to tell whoever started it
 */
async function startPlatform(settings: LaunchSettings, apart: boolean, lifetime: Lifetime): Promise<string> {
  const data = await lifetime.open(openDataDirectory(settings.TRELLIS_DATA))
  const port = await findGatewayPort({ host: settings.HOST, port: settings.PORT, patient: data.endedBadly })
  const gateway = { host: settings.HOST, port }
  const url = gatewayUrl(gateway)
  const endpoint = `${url}/graphql`

  const compiled = enableCompileCache(join(data.path, 'compiled')).directory // spares later starts a fifth of their time
  const { secrets, fresh } = await openSecrets(data.path)
  const [database] = await Promise.all([
    lifetime.open(
      startDatabase(settings.DATABASE_URL, { ...data, password: secrets.postgresPassword, fresh }),
    ),
    refreshGeneratedCode(say).then(() => preload(apart ? [] : serviceMains)),
  ])
  database.failed.then(lifetime.fail)

  const { prepareDemoKeys } = await import('./launch/demo/demo-keys.ts') // stands on generated code
  const demo = wantsDemo(settings) ? await prepareDemoKeys(database.urls.platform, secrets.demo) : null
  const keep = (demo: Secrets['demo']) => saveSecrets(data.path, { ...secrets, demo })
  if (demo) await keep(demo)

  const busUrl = settings.REDIS_URL ?? database.urls.bus
  const services = listServices({
    ...{ ...gateway, logLevel: settings.LOG_LEVEL, database, busUrl, secrets },
    gatewaySettings: { ...gatewaySettings(settings), TRELLIS_STATE_FILE: join(data.path, 'registry.state') },
  })
  const env = { ...inheritedEnv(process.env), NODE_COMPILE_CACHE: compiled }
  const running = await lifetime.open(startServices(services, { apart, env, say }))
  const keys = demo && {
    operator: demo.operatorKey,
    clients: Object.values(demo.clients).map((client) => client.secretKey),
  }
  await waitUntilReady({ url, keys, signal: lifetime.signal })

  if (demo) {
    const pluginFolder = resolve(settings.TRELLIS_PLUGINS)
    const prepared = await prepareDemo(demo, { endpoint, pluginFolder, keep, say })
    await writeDemoFile(data.path, endpoint, demo)
    if (settings.TRELLIS_WATCH === '1')
      await lifetime.open(watchPlugins({ endpoint, folder: pluginFolder, demo: prepared, keep, say }))
  }
  const seconds = process.uptime()
  return renderBanner({
    url,
    seconds,
    apart,
    database: database.description,
    dataDirectory: data.path,
    services: running.urls,
    demo,
  })
}

function say(line: string): void {
  console.log(line)
}

/** What its owner can do something about is one line; anything else is a fault of ours, with all there is to know. */
function report(error: unknown): void {
  if (error instanceof Interrupted) return
  process.exitCode = 1
  const owned = error instanceof StartError || error instanceof ConfigError || error instanceof MigrationError
  console.error(owned ? `Trellis cannot run. ${error.message}` : error)
}

keepRequestsYoung()
const lifetime = createLifetime(process.env.npm_lifecycle_event !== undefined)
try {
  const { apart } = readArguments(process.argv.slice(2))
  say(await startPlatform(parseConfig(launchSettings, process.env), apart, lifetime))
  await lifetime.ended
} catch (error) {
  report(error)
} finally {
  await bounded(lifetime.close, closesWithinMs, () => process.exit(1))
  process.exit()
}
