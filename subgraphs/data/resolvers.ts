import type { GraphQLResolverMap } from '@apollo/subgraph'
import { requireReader } from '../access.ts'
import type { PageArguments } from '../connection.ts'
import type { StoredCollection } from './collection.ts'
import type { DataContext } from './context.ts'
import { type CreateRecordInput, createRecord } from './create-record.ts'
import { type DefineCollectionInput, defineCollection } from './define-collection.ts'
import { deleteRecord } from './delete-record.ts'
import { listCollections } from './list-collections.ts'
import { type ListRecordsInput, listRecords } from './list-records.ts'
import type { RecordVersion } from './lock-record.ts'
import type { StoredRecord } from './record.ts'
import { type RecordChangedInput, recordChanged } from './record-changed.ts'
import { recordAsOf, recordHistory } from './record-history.ts'
import type { StoredRecordEvent } from './record-history-loaders.ts'
import { updateRecord } from './update-record.ts'

export const dataResolvers: GraphQLResolverMap<DataContext> = {
  Query: {
    collections: (_root, page: PageArguments, context) => listCollections(context, page),
    collection: (_root, { name }: { name: string }, context) => findCollection(context, name),
    record: (_root, { id }: { id: string }, context) => findRecord(context, id),
    records: (_root, input: ListRecordsInput, context) => listRecords(context, input),
  },
  Mutation: {
    defineCollection: (_root, input: DefineCollectionInput, context) => defineCollection(context, input),
    createRecord: (_root, input: CreateRecordInput, context) => createRecord(context, input),
    updateRecord: (_root, input: RecordVersion & { patch: unknown }, context) => updateRecord(context, input),
    deleteRecord: (_root, input: RecordVersion, context) => deleteRecord(context, input),
  },
  Subscription: {
    recordChanged: {
      subscribe: (_root: unknown, input: RecordChangedInput, context: DataContext) =>
        recordChanged(context, input),
    },
  },
  Collection: {
    __resolveReference: ({ name }: { name: string }, context: DataContext) => findCollection(context, name),
    records: ({ name }: StoredCollection, input: Omit<ListRecordsInput, 'collection'>, context) =>
      listRecords(context, { ...input, collection: name }),
  },
  Record: {
    __resolveReference: ({ id }: { id: string }, context: DataContext) => findRecord(context, id),
    collection: ({ collection }: StoredRecord, _input, { loaders }) => loaders.collections.load(collection),
    title: ({ data }: StoredRecord) =>
      [data.title, data.name].find((text) => typeof text === 'string') ?? null,
    createdBy: ({ createdBy }: StoredRecord) => createdBy && { __typename: 'User', id: createdBy },
    history: (record: StoredRecord, page: PageArguments, context) => recordHistory(context, record, page),
    asOf: (record: StoredRecord, { at }: { at: Date }, context) => recordAsOf(context, record, at),
  },
  RecordEvent: {
    id: ({ recordId, version }: StoredRecordEvent) => `${recordId}:${version}`,
    actor: ({ actor }: StoredRecordEvent) =>
      actor.startsWith('user:') ? { __typename: 'User', id: actor.slice('user:'.length) } : null,
  },
}

// Both are async for a reason: a reference that throws at once, and does not reject, takes all others of its fetch with it.
async function findCollection(
  { viewer, loaders }: DataContext,
  name: string,
): Promise<StoredCollection | null> {
  requireReader(viewer, 'records:read')
  return loaders.collections.load(name)
}

async function findRecord({ viewer, loaders }: DataContext, id: string): Promise<StoredRecord | null> {
  requireReader(viewer, 'records:read')
  return loaders.records.load(id)
}
