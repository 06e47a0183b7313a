import { getHeapSpaceStatistics } from 'node:v8'

// Loaded into the platform by `--import`, with `--expose-gc`: on SIGUSR2 it says what its heap holds after a collection.
process.on('SIGUSR2', () => {
  globalThis.gc?.()
  // What was found through weak references stays until its turn of the event loop is over.
  setImmediate(() => {
    globalThis.gc?.()
    console.error(`Heap: ${process.memoryUsage().heapUsed}, of which code: ${codeBytes()}`)
  })
})

/** What the engine has compiled: it grows with the paths that were taken, not with swaps. */
function codeBytes(): number {
  const spaces = getHeapSpaceStatistics().filter(({ space_name }) => /^(code|trusted)_/.test(space_name))
  return spaces.reduce((sum, { space_used_size }) => sum + space_used_size, 0)
}
