import { composeServices } from '@theguild/federation-composition'
import { GraphQLError } from 'graphql'
import { checkPlugin } from './check-plugin.ts'
import { contractOf } from './contract.ts'
import { coreOf } from './core-of.ts'
import { withExternalsOfInterfaceObjects } from './interface-object-externals.ts'
import { type ParsedSource, parseSource } from './parse-source.ts'
import { withTagsOnFields } from './tags-on-fields.ts'

/** One subgraph as composition sees it. */
export type SubgraphSource = {
  name: string
  /** Federation 2 SDL. */
  sdl: string
}

/**
 * `code` as in the catalogue of Apollo Federation, `INVALID_FIELD_SHARING`, or of the check of plugins. `line` counts
 * from 1, in the SDL of `subgraph`, or in that `file` of the plugin's; left out where it is not known.
 */
export type CompositionError = {
  code: string
  message: string
  subgraph: string | null
  file?: string
  line?: number
}

export type Composition = { ok: true; supergraphSdl: string } | { ok: false; errors: CompositionError[] }

/** The name of a client's plugin among its subgraphs. No module may have it. */
export const pluginSubgraph = 'plugin'

/**
 * A client's supergraph from its modules and its plugin. Pure: the same sources give the same answer.
 *
 * @param tags of a partner's key: what they do not allow is not in the API schema, see contract.ts. @default null: all
 *   of it is
 */
export function composeForClient(
  sources: readonly SubgraphSource[],
  tags: readonly string[] | null = null,
): Composition {
  const services = sources.map((source) => ({ source, parsed: parseOrSay(source) }))
  const syntaxErrors = services.flatMap(({ parsed }) => ('code' in parsed ? [parsed] : []))
  if (syntaxErrors.length > 0) return { ok: false, errors: syntaxErrors }
  const subgraphs = services.flatMap(({ source, parsed }) =>
    'code' in parsed ? [] : [{ ...source, ...parsed, url: `subgraph:${source.name}` }],
  )
  const unsupported = subgraphs.filter(({ usesContext }) => usesContext).map(({ name }) => contextError(name))
  if (unsupported.length > 0) return { ok: false, errors: unsupported }
  const faults = pluginFaults(subgraphs)
  if (faults.length > 0) return { ok: false, errors: faults }
  const result = composeOrSay(tags ? withTagsOnFields(subgraphs) : subgraphs)
  if (result.errors) return { ok: false, errors: result.errors.map(toCompositionError) }
  const supergraphSdl = withExternalsOfInterfaceObjects(result.supergraphSdl, subgraphs)
  if (!tags) return { ok: true, supergraphSdl }
  const contract = contractOf(supergraphSdl, tags)
  return contract === null
    ? { ok: false, errors: [contractIsEmpty(tags)] }
    : { ok: true, supergraphSdl: contract }
}

function contractIsEmpty(tags: readonly string[]): CompositionError {
  const message = `No field of Query that leads somewhere has one of the tags of this contract: ${tags.join(', ') || 'it has none'}.`
  return { code: 'CONTRACT_EMPTY', message, subgraph: null }
}

function parseOrSay({ name, sdl }: SubgraphSource): ParsedSource | CompositionError {
  try {
    return parseSource(sdl)
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error
    const line = error.locations?.[0]?.line
    const message = `[${name}] ${error.message}${line === undefined ? '' : ` (line ${line})`}`
    return { code: 'INVALID_GRAPHQL', message, subgraph: name }
  }
}

/** The library throws for what it does not expect, such as one name for types of two kinds. */
function composeOrSay(subgraphs: Parameters<typeof composeServices>[0]): ReturnType<typeof composeServices> {
  try {
    return composeServices(subgraphs)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { errors: [new GraphQLError(message, { extensions: { code: 'INVALID_GRAPHQL' } })] }
  }
}

type Subgraph = SubgraphSource & ParsedSource

function pluginFaults(subgraphs: readonly Subgraph[]): CompositionError[] {
  const plugin = subgraphs.find(({ name }) => name === pluginSubgraph)
  if (!plugin) return []
  const core = coreOf(subgraphs.filter((subgraph) => subgraph !== plugin))
  return checkPlugin(plugin.typeDefs, core).map(({ code, message, line }) => ({
    code,
    message,
    subgraph: pluginSubgraph,
    ...(line !== null && { line }),
  }))
}

function contextError(subgraph: string): CompositionError {
  return { code: 'UNSUPPORTED_FEATURE', message: `[${subgraph}] @fromContext is not served here.`, subgraph }
}

function toCompositionError(error: GraphQLError): CompositionError {
  const { code, subgraphName } = error.extensions
  return {
    code: typeof code === 'string' ? code : 'INVALID_GRAPHQL',
    message: error.message,
    subgraph: typeof subgraphName === 'string' ? subgraphName : null,
    ...(typeof subgraphName === 'string' && error.locations?.[0] && { line: error.locations[0].line }),
  }
}
