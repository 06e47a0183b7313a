import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { toCloudEvent } from '../../../events/catalogue/cloud-event.ts'
import { readEventCatalogue } from '../../../events/catalogue/event-catalogue.ts'
import type { PlatformEvent } from '../../../events/catalogue/platform-event.ts'
import { makeTemporaryFolder } from '../../support/temporary-folder.ts'

const catalogue = await readEventCatalogue()
const read: PlatformEvent = {
  id: crypto.randomUUID(),
  source: 'notifications',
  type: 'notifications.notification.read',
  subject: 'n1',
  client: 'acme',
  actor: 'user:u1',
  time: '2026-11-21T06:00:00.000Z',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  dataVersion: 1,
  data: { notificationId: 'n1', userId: 'u1' },
}

test('an event that fits is taken, with and without an actor and a trace', () => {
  catalogue.check(read)
  catalogue.check({ ...read, actor: null, traceparent: null })
})

test.each<[string, Partial<PlatformEvent>, string]>([
  [
    'an unknown type',
    { type: 'notifications.notification.eaten' },
    'no event type notifications.notification.eaten',
  ],
  ['an unknown version', { dataVersion: 2 }, 'in version 2'],
  ['the type of another module', { source: 'users' }, 'The module users does not publish'],
  ['a missing property', { data: { userId: 'u1' } }, "must have required property 'notificationId'"],
  ['an undefined property', { data: { notificationId: undefined, userId: 'u1' } }, 'notificationId'],
  [
    'a property too many',
    { data: { ...read.data, email: 'ada@example.org' } },
    'additional properties: email',
  ],
  ['a value of the wrong kind', { data: { ...read.data, userId: 1 } }, '/userId must be string'],
  ['no subject', { subject: '' }, '/subject'],
  ['no client', { client: '' }, '/client'],
  ['an actor of no kind', { actor: 'ada' }, '/actor'],
  ['a trace of zeros', { traceparent: `00-${'0'.repeat(32)}-b7ad6b7169203331-01` }, '/traceparent'],
  ['a time that is none', { time: 'today' }, '/time'],
])('%s is a fault of the publisher, said without any value', (_what, change, message) => {
  const check = () => catalogue.check({ ...read, ...change })
  expect(check).toThrow(
    expect.objectContaining({ name: 'InvalidEventError', message: expect.stringContaining(message) }),
  )
  expect(check).not.toThrow('ada@example.org')
})

test.each(catalogue.entries.map((entry) => [`${entry.type} v${entry.version}`, entry] as const))(
  '%s can be checked',
  (_name, { type, version, schema }) => {
    const [source = ''] = type.split('.')
    const nothing = { ...read, source, type, dataVersion: version, data: {} }
    const check = () => catalogue.check(nothing)
    if (schema.required?.length) expect(check).toThrow('must have required property')
    else expect(check).not.toThrow()
  },
)

test('as a CloudEvent it has the attributes that the specification requires, under names that it allows', () => {
  const event = toCloudEvent(read)
  expect(event).toMatchObject({ specversion: '1.0', datacontenttype: 'application/json', dataversion: 1 })
  for (const name of Object.keys(event)) expect(name).toMatch(/^[a-z0-9]{1,20}$/)
  for (const value of Object.values(event)) expect(value).toEqual(expect.anything())
  expect(URL.canParse(event.dataschema)).toBe(true)
  expect(Object.keys(toCloudEvent({ ...read, actor: null, traceparent: null }))).not.toContain('actor')
})

test.each([
  ['a file of another name', 'readme.json', {}, 'not an event schema'],
  ['a schema that calls itself something else', 'a.b.v1.json', { $id: 'urn:trellis:event:a.b:v2' }, '$id'],
  [
    'a schema that is none',
    'a.b.v1.json',
    { $id: 'urn:trellis:event:a.b:v1', type: 'thing' },
    'schema is invalid',
  ],
])('%s makes the catalogue unreadable', async (_what, name, schema, message) => {
  await using folder = await makeTemporaryFolder()
  await writeFile(join(folder.path, name), JSON.stringify(schema))
  await expect(readEventCatalogue(pathToFileURL(`${folder.path}/`))).rejects.toThrow(message)
})

describe('events about users', () => {
  const ofUsers = catalogue.entries.filter(({ type }) => /^(users|notifications)\./.test(type))

  test('are among the catalogue', () => expect(ofUsers.length).toBeGreaterThan(6))

  test.each(ofUsers.map((entry) => [`${entry.type} v${entry.version}`, entry.schema] as const))(
    '%s carries ids and nothing else',
    (_name, schema) => {
      expect(schema).toMatchObject({ type: 'object', additionalProperties: false })
      for (const [name, property] of Object.entries<object>(schema.properties)) {
        expect(name).toMatch(/^[a-z]+Id$/)
        expect(property).toMatchObject({ type: 'string', maxLength: 200 })
      }
    },
  )
})
