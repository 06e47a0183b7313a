// Loaded into the platform by `--import`, with `--expose-gc`: on SIGUSR2 it says what its heap holds after a collection.
process.on('SIGUSR2', () => {
  globalThis.gc?.()
  // What was found through weak references stays until its turn of the event loop is over.
  setImmediate(() => {
    globalThis.gc?.()
    console.error(`Heap: ${process.memoryUsage().heapUsed}`)
  })
})
