import { CommanderError } from 'commander'
import { ConfigError, parseConfig } from '../foundation/config.ts'
import { createProgram } from './program.ts'
import { cliSettings, ownEnv } from './settings.ts'

/** `npx trellis`: a wrong use or a refused plugin is lines on standard error and exit status 1. */
try {
  const settings = parseConfig(cliSettings, ownEnv(process.env))
  const program = createProgram(settings, { say: console.log, complain: console.error })
  process.exitCode = await program.run(process.argv.slice(2))
} catch (error) {
  // commander has said by itself what it had to say: help is no error.
  if (error instanceof CommanderError) process.exitCode = error.exitCode
  else {
    console.error(error instanceof ConfigError ? `trellis: ${error.message}` : error)
    process.exitCode = 1
  }
}
