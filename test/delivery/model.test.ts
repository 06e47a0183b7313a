import { type Acknowledged, type Change, hasAll, judgeGroup, judgeWatcher } from './model.ts'

const acknowledged: Acknowledged = new Map([
  ['a', 3],
  ['b', 1],
])
const changes = (text: string): Change[] =>
  text.split(' ').map((change) => ({ record: change.charAt(0), version: Number(change.slice(1)) }))

test.each([
  ['all in order', 'a1 b1 a2 a3', []],
  ['from the middle of a life', 'a2 b1 a3', []],
  ['a version twice', 'a1 b1 a2 a2 a3', ['doubled']],
  ['an earlier one after a later one', 'a1 b1 a3 a2', ['gap', 'out of order']],
  ['a hole', 'a1 b1 a3', ['gap']],
  ['an end that never came', 'a1 b1 a2', ['lost']],
  ['a record never seen', 'a1 a2 a3', ['lost']],
  ['what nobody wrote', 'a1 a2 a3 b1 b2', ['invented']],
])('a watcher that saw %s', (_name, seen, kinds) => {
  expect(judgeWatcher('watcher', changes(seen), acknowledged).map(({ kind }) => kind)).toEqual(kinds)
})

test.each([
  ['all in order', 'a1 b1 a2 a3', []],
  ['some again', 'a1 a2 a1 a2 a3 b1 b1', []],
  ['a version before the one before it', 'a1 a3 a2 b1', ['out of order']],
  ['the middle of a life first', 'a2 a1 a3 b1', ['out of order']],
  ['less than all', 'a1 a2 b1', ['lost']],
])('a group that was given %s', (_name, delivered, kinds) => {
  expect(judgeGroup('group', changes(delivered), acknowledged).map(({ kind }) => kind)).toEqual(kinds)
})

test('the end is reached when all that was acknowledged is there', () => {
  expect(hasAll(changes('a1 a2 b1'), acknowledged)).toBe(false)
  expect(hasAll(changes('a3 b1'), acknowledged)).toBe(true)
})
