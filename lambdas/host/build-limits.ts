import type { PluginLimits } from '../../schema/plugin-registry.ts'

/** How large a plugin may be; operators change it for one client. */
export type BuildLimits = Pick<PluginLimits, 'bundleChars' | 'sdlChars'>

export const defaultBuildLimits: BuildLimits = { bundleChars: 1_000_000, sdlChars: 256_000 }
