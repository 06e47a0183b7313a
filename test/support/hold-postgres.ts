import { startEmbeddedPostgres } from '../../launch/embedded-postgres.ts'
import { findServerUser } from '../../launch/server-user.ts'

/** A launcher to be killed: `node hold-postgres.ts <folder> <password>` starts the database, says where, and stays. */
const [directory = '', password = ''] = process.argv.slice(2)
const postgres = await startEmbeddedPostgres({
  directory: `${directory}/postgres`,
  copies: `${directory}/copies`,
  user: await findServerUser(),
  password,
})
console.log(postgres.url)
setInterval(() => undefined, 60_000)
