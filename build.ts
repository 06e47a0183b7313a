import { refreshGeneratedCode } from './launch/generated-code.ts'

/*
 * Makes what is not in the repository and everything needs, where it is missing or older than its sources. npm runs
 * it before `start`, `test` and `check`, and a container's image once.
 */
try {
  await refreshGeneratedCode(console.log)
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
