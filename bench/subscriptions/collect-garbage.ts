// Loaded into every server under test by `--import`, with `--expose-gc`: lets the bench ask for a full collection, so
// that what is resident is what is held.
process.on('message', (order) => {
  if (order !== 'collect' || !globalThis.gc) return
  globalThis.gc()
  globalThis.gc()
  process.send?.('collected')
})
