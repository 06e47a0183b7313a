import { isJsonObject, type JsonObject, type JsonValue } from '../json-value.ts'

/** JSON Merge Patch, RFC 7396 section 2, where target and patch are objects: null removes, objects merge, all else replaces. */
export function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const merged = new Map(Object.entries(target))
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key)
    else merged.set(key, patched(merged.get(key), value))
  }
  return Object.fromEntries(merged)
}

function patched(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isJsonObject(patch)) return patch
  return mergePatch(target !== undefined && isJsonObject(target) ? target : {}, patch)
}
