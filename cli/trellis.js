#!/usr/bin/env node
// The door to main.ts, which only Node 24 can run: an older one hands over to the one that npm has installed in this
// checkout. JavaScript, because the older one has to understand it.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const [major = 0] = process.versions.node.split('.').map(Number)
const ownNode = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url))

if (major >= 24) await import('./main.ts')
else if (existsSync(ownNode)) handOver()
else {
  console.error(
    `trellis needs Node 24, and this is ${process.version}: run npm install in its folder, which brings one.`,
  )
  process.exitCode = 1
}

function handOver() {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  const child = spawn(ownNode, [main, ...process.argv.slice(2)], { stdio: 'inherit' })
  // Ctrl-C reaches both from the terminal, and the child decides what it means; a SIGTERM is for this process alone.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  child.on('exit', (status) => process.exit(status ?? 1))
}
