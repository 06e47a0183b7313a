const replayKeys = `
local prefix, id, group = ARGV[1], ARGV[2], ARGV[3]
local replay = prefix .. 'replay:' .. id
local function stream(partition) return prefix .. 'p:' .. partition end
local function of(name) return prefix .. 'g:' .. group .. ':' .. name end
local function info(partition)
  for _, found in ipairs(redis.call('XINFO', 'GROUPS', stream(partition))) do
    if found[2] == group then return found end
  end
end
`

/** ARGV: prefix, id, its group, how many partitions, the id of an entry to begin after. */
export const beginReplayScript = `${replayKeys}
if redis.call('HGET', replay, 'status') ~= 'PREPARING' then return 0 end
for partition = 0, ARGV[4] - 1 do
  redis.pcall('XGROUP', 'CREATE', stream(partition), group, ARGV[5], 'MKSTREAM')
  local last = redis.call('XREVRANGE', stream(partition), '+', '-', 'COUNT', 1)[1]
  redis.call('HSET', of('upto'), partition, last and last[1] or '0-0')
end
redis.call('HSET', prefix .. 'groups', group, '0')
redis.call('HSET', replay, 'status', 'RUNNING')
return 1`

/** ARGV: prefix, id, its group, how many partitions. @returns 1 or 0 */
export const replayCompleteScript = `${replayKeys}
local function place(text)
  local ms, seq = string.match(text, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(seq)
end
for partition = 0, ARGV[4] - 1 do
  local found = info(partition)
  if not found or found[6] > 0 then return 0 end
  local ms, seq = place(found[8])
  local endMs, endSeq = place(redis.call('HGET', of('upto'), partition) or '0-0')
  if ms < endMs or (ms == endMs and seq < endSeq) then return 0 end
end
return 1`

/** ARGV: prefix, id, its group, how many partitions, status, error, time, the key that stands for its being open. */
export const endReplayScript = `${replayKeys}
if redis.call('HGET', replay, 'status') ~= 'RUNNING' then return 0 end
local delivered = 0
for _, handled in ipairs(redis.call('HVALS', of('handled'))) do delivered = delivered + handled end
redis.call('HSET', replay, 'status', ARGV[5], 'error', ARGV[6], 'endedAt', ARGV[7], 'delivered', delivered)
if ARGV[5] == 'DONE' then redis.call('HSET', replay, 'matched', delivered) end
for partition = 0, ARGV[4] - 1 do
  redis.pcall('XGROUP', 'DESTROY', stream(partition), group)
  redis.call('DEL', of('held:' .. partition))
end
redis.call('DEL', of('upto'), of('handled'), of('owners'), of('tokens'), of('members'))
redis.call('HDEL', prefix .. 'groups', group)
redis.call('DEL', ARGV[8])
return 1`
