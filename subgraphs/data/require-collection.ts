import { TrellisError } from '../../foundation/errors.ts'
import type { StoredCollection } from './collection.ts'
import type { DataContext } from './context.ts'

/** @throws {TrellisError} NOT_FOUND */
export async function requireCollection(
  { loaders }: Pick<DataContext, 'loaders'>,
  name: string,
): Promise<StoredCollection> {
  const collection = await loaders.collections.load(name)
  if (!collection) throw new TrellisError('NOT_FOUND', 'There is no such collection.')
  return collection
}
