import { join } from 'node:path'
import { type DemoSecrets, writePrivateFile } from '../secrets.ts'

/** `demo.json`: what a script needs to use the demo clients, in the shape the public contract gives it. */
export function writeDemoFile(
  dataDirectory: string,
  endpoint: string,
  { operatorKey, clients }: DemoSecrets,
): Promise<void> {
  return writePrivateFile(join(dataDirectory, 'demo.json'), { endpoint, operatorKey, clients })
}
