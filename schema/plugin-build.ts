/**
 * What the gateway asks of the lambda host: `POST <host>/clients/<client>/builds`, body `{ files: PluginFile[] }`,
 * answer `PluginBuild`. A build is content-addressed and kept; the same files give the same digest.
 * A built plugin is a subgraph at `POST <host>/clients/<client>/builds/<digest>/graphql`.
 */
export type PluginFile = { path: string; content: string }

export type PluginBuild =
  | {
      ok: true
      digest: string /** The plugin's Federation 2 SDL, federation `@link` included. */
      sdl: string
      functions: string[]
    }
  | { ok: false; errors: PluginError[] }

/** Found by the check, the bundler, the first evaluation or composition. `line` counts from 1. */
export type PluginError = { code: string; message: string; file: string | null; line: number | null }
