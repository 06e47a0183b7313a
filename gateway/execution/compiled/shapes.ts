/** The keys that objects of a subgraph's answer may have at one place, and the slots their values are kept in. */
export type Shape = {
  size: number
  /** In the order of the selection, which is the order in which a subgraph should answer. */
  members: Member[]
  byKey: Map<string, Member>
  slots: Map<string, number>
}

export type Member = {
  /** `"key":`, as it nearly always stands in the text. */
  prefix: string
  slot: number
  /** Of the objects under the key; null for leaves. */
  shape: Shape | null
}

export function newShape(): Shape {
  return { size: 0, members: [], byKey: new Map(), slots: new Map() }
}

/** @param key of the data; `wireKey` is how the subgraph calls it, before a rewrite */
export function addMember(
  shape: Shape,
  key: string,
  { wireKey, isLeaf }: { wireKey: string; isLeaf: boolean },
): Member {
  const known = shape.byKey.get(wireKey)
  if (known) return known
  const slot = shape.slots.get(key) ?? shape.size++
  shape.slots.set(key, slot)
  const member = { prefix: `"${wireKey}":`, slot, shape: isLeaf ? null : newShape() }
  shape.members.push(member)
  shape.byKey.set(wireKey, member)
  return member
}
