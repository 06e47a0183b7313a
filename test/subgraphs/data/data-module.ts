import type { ClientViewer } from '../../../foundation/viewer.ts'
import { start } from '../../../subgraphs/data/main.ts'
import { type Answer, type ModuleUnderTest, startModuleUnderTest } from '../../support/module-under-test.ts'

export const orderSchema = {
  type: 'object',
  required: ['number'],
  properties: { number: { type: 'string' }, total: { type: 'number', minimum: 0 } },
}

export type WireRecord = { id: string; version: number; data: Record<string, unknown> }

/** The data module with what its tests do all the time. */
export type DataModule = ModuleUnderTest & {
  define(
    viewer: ClientViewer,
    name: string,
    access?: 'OWN' | 'READ' | 'WRITE',
    schema?: unknown,
  ): Promise<Answer>
  create(viewer: ClientViewer, collection: string, data: unknown, idempotencyKey?: string): Promise<Answer>
  /** Creates a record that has to be created. */
  created(viewer: ClientViewer, collection: string, data: unknown): Promise<WireRecord>
  update(viewer: ClientViewer, id: string, expectedVersion: number, patch: unknown): Promise<Answer>
  remove(viewer: ClientViewer, id: string, expectedVersion: number): Promise<Answer>
  find(viewer: ClientViewer, id: string): Promise<Answer>
  list(viewer: ClientViewer, collection: string, rest?: ListArguments): Promise<Answer>
  /** The data of the records a list gives; throws with the answer when it has errors. */
  listed(viewer: ClientViewer, collection: string, rest?: ListArguments): Promise<Listed>
}

export type ListArguments = { filter?: unknown; orderBy?: unknown; first?: number; after?: string | null }
export type Listed = {
  totalCount: number
  pageInfo: {
    hasNextPage: boolean
    hasPreviousPage: boolean
    startCursor: string | null
    endCursor: string | null
  }
  edges: { cursor: string; node: WireRecord }[]
}

const fields = 'id version data createdAt updatedAt createdBy { id } collection { name }'

export async function startDataModule(): Promise<DataModule> {
  const module = await startModuleUnderTest('data', start)
  const { ask } = module
  const create: DataModule['create'] = (viewer, collection, data, idempotencyKey) =>
    ask(
      viewer,
      `mutation ($collection: String!, $data: JSON!, $idempotencyKey: String) {
        createRecord(collection: $collection, data: $data, idempotencyKey: $idempotencyKey) { ${fields} } }`,
      { collection, data, idempotencyKey },
    )
  const list: DataModule['list'] = (viewer, collection, rest) =>
    ask(
      viewer,
      `query ($collection: String!, $filter: JSON, $orderBy: [RecordOrder!], $first: Int, $after: String) {
        records(collection: $collection, filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
          totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { ${fields} } } } }`,
      { collection, first: 20, ...rest },
    )
  return {
    ...module,
    define: (viewer, name, access, schema = orderSchema) =>
      ask(
        viewer,
        `mutation ($name: String!, $schema: JSON!, $access: CollectionAccess) {
          defineCollection(name: $name, schema: $schema, access: $access) { name schema access createdAt } }`,
        { name, schema, access },
      ),
    create,
    created: async (...what) => expectData<{ createRecord: WireRecord }>(await create(...what)).createRecord,
    update: (viewer, id, expectedVersion, patch) =>
      ask(
        viewer,
        `mutation ($id: ID!, $expectedVersion: Int!, $patch: JSON!) {
          updateRecord(id: $id, expectedVersion: $expectedVersion, patch: $patch) { ${fields} } }`,
        { id, expectedVersion, patch },
      ),
    remove: (viewer, id, expectedVersion) =>
      ask(
        viewer,
        'mutation ($id: ID!, $expectedVersion: Int!) { deleteRecord(id: $id, expectedVersion: $expectedVersion) }',
        { id, expectedVersion },
      ),
    find: (viewer, id) => ask(viewer, `query ($id: ID!) { record(id: $id) { ${fields} } }`, { id }),
    list,
    listed: async (...what) => expectData<{ records: Listed }>(await list(...what)).records,
  }
}

/** The data of an answer that has to be without errors. */
export function expectData<Data>(answer: Answer): Data {
  if (answer.errors || !answer.data) throw new Error(`Errors: ${JSON.stringify(answer)}`)
  return answer.data as Data
}
