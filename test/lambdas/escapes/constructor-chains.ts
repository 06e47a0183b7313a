import { type EscapeCase, reachesNothing } from './escape-case.ts'

const typeOfProcess = '.constructor("return typeof process")()'

/** From anything that the host gave, to the Function of the realm it came from. */
export const constructorChains: EscapeCase[] = [
  `ctx.graphql.constructor${typeOfProcess}`,
  `ctx.constructor.constructor${typeOfProcess}`,
  `ctx.log.constructor${typeOfProcess}`,
  `ctx.kv.get.constructor${typeOfProcess}`,
  `ctx.viewer.constructor.constructor${typeOfProcess}`,
  `args.constructor.constructor${typeOfProcess}`,
  `console.log.constructor${typeOfProcess}`,
  `(() => { try { null.f() } catch (e) { return e.constructor.constructor${typeOfProcess} } })()`,
  `(() => { const f = () => f(); try { f() } catch (e) { return e.constructor.constructor${typeOfProcess} } })()`,
  `await ctx.graphql("{ me { id } }").then((d) => d.constructor.constructor${typeOfProcess})`,
  `await ctx.graphql({ toString() { throw new Error("x") } }).catch((e) => e.constructor.constructor${typeOfProcess})`,
  `await Object.getPrototypeOf(async () => 0).constructor("return typeof process")()`,
  `(function* () {}).constructor("yield typeof process")().next().value`,
  'Reflect.construct(Function, ["return typeof process"])()',
  '(0, eval)("typeof process")',
].map(reachesNothing)
