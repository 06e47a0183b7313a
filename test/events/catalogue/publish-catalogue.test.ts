import { readFile } from 'node:fs/promises'
import { brokenRules } from '../../../events/catalogue/catalogue-changes.ts'
import { type EventSchema, readEventCatalogue } from '../../../events/catalogue/event-catalogue.ts'
import { pageFile, readPublished, renderPage } from '../../../events/catalogue/publish-catalogue.ts'

const { entries } = await readEventCatalogue()

test('the catalogue is what was published, or has only grown; and it is noted', async () => {
  const published = await readPublished()
  expect(brokenRules(published, entries)).toEqual([])
  // Otherwise: node events/catalogue/publish-catalogue.ts
  expect(published).toEqual(entries)
})

test('docs/events.md has the catalogue as it is', async () => {
  const page = await readFile(pageFile, 'utf8')
  expect(page).toBe(renderPage(page, entries))
  for (const { type } of entries) expect(page).toContain(`### \`${type}\` v1`)
})

const schema: EventSchema = {
  title: 'A thing changed',
  description: '',
  type: 'object',
  additionalProperties: false,
  required: ['id', 'kind'],
  properties: {
    id: { type: 'string', maxLength: 10 },
    kind: { enum: ['A', 'B'] },
    parts: { type: 'array', items: { type: 'object', properties: { id: { type: 'string' } } } },
  },
}
const published = [{ type: 'a.thing.changed', version: 1, schema }]
const { id, kind, parts } = schema.properties
const after = (change: object) =>
  brokenRules(published, [{ type: 'a.thing.changed', version: 1, schema: { ...schema, ...change } }])

test.each<[string, object]>([
  ['another title', { title: 'Changed' }],
  [
    'a better description of a property',
    { properties: { ...schema.properties, id: { ...id, description: 'Its id.' } } },
  ],
  ['an optional property', { properties: { ...schema.properties, colour: { type: 'string' } } }],
  [
    'an optional property deep inside',
    {
      properties: {
        ...schema.properties,
        parts: { ...parts, items: { ...parts.items, properties: { id: { type: 'string' }, size: {} } } },
      },
    },
  ],
  ['another order', { required: ['kind', 'id'] }],
])('a version may get %s', (_what, change) => {
  expect(after(change)).toEqual([])
})

test.each<[string, object, string]>([
  ['loses a property', { properties: { id, kind } }, '/properties/parts is gone'],
  [
    'gets a property that is required',
    { required: ['id', 'kind', 'colour'], properties: { ...schema.properties, colour: {} } },
    '/required',
  ],
  ['no longer requires one', { required: ['id'] }, '/required'],
  [
    'has another type',
    { properties: { ...schema.properties, id: { ...id, type: 'integer' } } },
    '/properties/id/type',
  ],
  [
    'has longer texts',
    { properties: { ...schema.properties, id: { type: 'string', maxLength: 99 } } },
    '/id/maxLength',
  ],
  [
    'has another value',
    { properties: { ...schema.properties, kind: { enum: ['A', 'B', 'C'] } } },
    '/kind/enum',
  ],
  ['is opened', { additionalProperties: true }, '/additionalProperties'],
  [
    'changes deep inside',
    { properties: { ...schema.properties, parts: { ...parts, items: { type: 'object' } } } },
    '/items/properties',
  ],
])('a version that %s is another version', (_what, change, place) => {
  expect(after(change)).toEqual([expect.stringContaining(`a.thing.changed v1`)])
  expect(after(change)[0]).toContain(place)
})

test('a new version and a new type stand beside the old; what was published stays', () => {
  const next = { type: 'a.thing.changed', version: 2, schema: { ...schema, required: [] } }
  expect(brokenRules(published, [...published, next, { ...next, type: 'a.thing.eaten' }])).toEqual([])
  expect(brokenRules(published, [next])).toEqual(['a.thing.changed v1 is gone'])
})
