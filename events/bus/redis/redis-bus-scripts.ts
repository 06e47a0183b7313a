/**
 * Every step that must be whole is a script: Redis runs one at a time. `ARGV[1]` is the prefix of all keys, `ARGV[2]` the
 * group where there is one.
 */
const keys = `
local prefix = ARGV[1]
local function stream(partition) return prefix .. 'p:' .. partition end
local function nowMs() local t = redis.call('TIME'); return t[1] * 1000 + math.floor(t[2] / 1000) end
`

const groupKeys = `${keys}
local group = ARGV[2]
local function of(name) return prefix .. 'g:' .. group .. ':' .. name end
local function owns(member, partition, token)
  return redis.call('HGET', of('owners'), partition) == member and redis.call('HGET', of('tokens'), partition) == token
end
`

/** ARGV: prefix, seconds for which an id is known, then partition, id, JSON of each event. */
export const publishScript = `${keys}
local clock = redis.call('HMGET', prefix .. 'clock', 'ms', 'seq')
local ms, seq = tonumber(clock[1] or '0'), tonumber(clock[2] or '0')
local now = nowMs()
for i = 3, #ARGV, 3 do
  if redis.call('SET', prefix .. 'id:' .. ARGV[i + 1], '', 'NX', 'EX', ARGV[2]) then
    if now > ms then ms = now; seq = 0 else seq = seq + 1 end
    redis.call('XADD', stream(ARGV[i]), string.format('%.0f-%.0f', ms, seq), 'event', ARGV[i + 2])
  end
end
redis.call('HSET', prefix .. 'clock', 'ms', string.format('%.0f', ms), 'seq', string.format('%.0f', seq))
redis.call('PUBLISH', prefix .. 'published', '')
return 1`

/** ARGV: prefix, group, how many partitions, where to begin (\`$\` or \`0\`), whether it can be replayed to. */
export const createGroupScript = `${groupKeys}
redis.call('HSET', prefix .. 'groups', group, ARGV[5])
for partition = 0, ARGV[3] - 1 do
  redis.pcall('XGROUP', 'CREATE', stream(partition), group, ARGV[4], 'MKSTREAM')
end
return 1`

/** ARGV: prefix, group, member, ms of a lease, how many partitions. @returns its share, then partition and token of each. */
export const heartbeatScript = `${groupKeys}
local member, partitions = ARGV[3], tonumber(ARGV[5])
if redis.call('HEXISTS', prefix .. 'groups', group) == 0 then return { '0' } end
local now = nowMs()
redis.call('ZADD', of('members'), now + ARGV[4], member)
redis.call('ZREMRANGEBYSCORE', of('members'), '-inf', '(' .. string.format('%.0f', now))
local members = redis.call('ZRANGE', of('members'), 0, -1)
table.sort(members)
local living, place = {}, 0
for index, id in ipairs(members) do
  living[id] = true
  if id == member then place = index end
end
local share = math.floor(partitions / #members)
if place <= partitions % #members then share = share + 1 end
local free, leases = {}, {}
for partition = 0, partitions - 1 do
  local owner = redis.call('HGET', of('owners'), partition)
  if owner == member then table.insert(leases, partition)
  elseif not owner or not living[owner] then
    redis.call('HDEL', of('owners'), partition)
    table.insert(free, partition)
  end
end
for _, partition in ipairs(free) do
  if #leases < share then
    redis.call('HSET', of('owners'), partition, member)
    redis.call('HINCRBY', of('tokens'), partition, 1)
    table.insert(leases, partition)
  end
end
local answer = { tostring(share) }
for _, partition in ipairs(leases) do
  table.insert(answer, tostring(partition))
  table.insert(answer, redis.call('HGET', of('tokens'), partition))
end
return answer`

/** ARGV: prefix, group, member, whether it leaves, then the partitions it lets go of. */
export const releaseScript = `${groupKeys}
for i = 5, #ARGV do
  if redis.call('HGET', of('owners'), ARGV[i]) == ARGV[3] then redis.call('HDEL', of('owners'), ARGV[i]) end
end
if ARGV[4] == '1' then redis.call('ZREM', of('members'), ARGV[3]) end
return 1`

/**
 * Claims what the owners before have left, from whichever of them. ARGV: prefix, group, member, partition, token.
 * @returns cursor, upTo, handled, then id, JSON and what is known of its attempts of each
 */
export const takeOverScript = `${groupKeys}
local member, partition, token = ARGV[3], ARGV[4], ARGV[5]
if not owns(member, partition, token) then return {} end
local cursor = '0-0'
for _, info in ipairs(redis.call('XINFO', 'GROUPS', stream(partition))) do
  if info[2] == group then cursor = info[8] end
end
local answer = { cursor, redis.call('HGET', of('upto'), partition) or '', redis.call('HGET', of('handled'), partition) or '0' }
local from = '0-0'
repeat
  local claimed = redis.call('XAUTOCLAIM', stream(partition), group, member, 0, from, 'COUNT', 500)
  for _, entry in ipairs(claimed[2]) do
    table.insert(answer, entry[1])
    table.insert(answer, entry[2][2])
    table.insert(answer, redis.call('HGET', of('held:' .. partition), entry[1]) or '')
  end
  from = claimed[1]
until from == '0-0'
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', stream(partition), group)) do
  if consumer[2] ~= member and consumer[4] == 0 then
    redis.call('XGROUP', 'DELCONSUMER', stream(partition), group, consumer[2])
  end
end
return answer`

/**
 * First what it was given before and the answer was lost, then what is new. What is gone by retention is acknowledged.
 * ARGV: prefix, group, member, then partition, token, cursor, limit of each. @returns partition, id, JSON of each
 */
export const readScript = `${groupKeys}
local member, answer = ARGV[3], {}
local function read(partition, from, limit)
  local found = redis.call('XREADGROUP', 'GROUP', group, member, 'COUNT', limit, 'STREAMS', stream(partition), from)
  local entries = found and found[1] and found[1][2] or {}
  for _, entry in ipairs(entries) do
    if entry[2] then
      table.insert(answer, partition)
      table.insert(answer, entry[1])
      table.insert(answer, entry[2][2])
    else redis.call('XACK', stream(partition), group, entry[1]) end
  end
  return #entries
end
for i = 4, #ARGV, 4 do
  if owns(member, ARGV[i], ARGV[i + 1]) then
    if read(ARGV[i], ARGV[i + 2], ARGV[i + 3]) == 0 then read(ARGV[i], '>', ARGV[i + 3]) end
  end
end
return answer`

/**
 * ARGV: prefix, group, member, then partition, token and the settlement of each, as JSON; events in it are text.
 * @returns the partitions still owned
 */
export const settleScript = `${groupKeys}
local member, owned = ARGV[3], {}
for i = 4, #ARGV, 3 do
  local partition, settlement = ARGV[i], cjson.decode(ARGV[i + 2])
  if owns(member, partition, ARGV[i + 1]) then
    table.insert(owned, partition)
    local held = of('held:' .. partition)
    for _, id in ipairs(settlement.done) do redis.call('XACK', stream(partition), group, id) end
    for _, event in ipairs(settlement.held) do redis.call('HSET', held, event[1], event[2]) end
    for _, id in ipairs(settlement.unheld) do redis.call('HDEL', held, id) end
    redis.call('HSET', of('handled'), partition, settlement.handled)
    for _, letter in ipairs(settlement.dead) do
      redis.call('HSET', of('dead'), letter[1], letter[2])
      redis.call('SREM', of('redeliver'), letter[1])
      if not redis.call('ZSCORE', of('letters'), letter[1]) then
        redis.call('ZADD', of('letters'), redis.call('INCR', of('letter')), letter[1])
      end
    end
    for _, id in ipairs(settlement.redelivered) do
      redis.call('HDEL', of('dead'), id)
      redis.call('SREM', of('redeliver'), id)
      redis.call('ZREM', of('letters'), id)
    end
  end
end
return owned`

/** ARGV: prefix, group, client or nothing, then ids; without ids: all. @returns how many */
export const redeliverScript = `${groupKeys}
local ids = { select(4, unpack(ARGV)) }
if #ids == 0 then ids = redis.call('ZRANGE', of('letters'), 0, -1) end
local count = 0
for _, id in ipairs(ids) do
  local letter = redis.call('HGET', of('dead'), id)
  if letter and (ARGV[3] == '' or cjson.decode(letter).client == ARGV[3]) then
    redis.call('SADD', of('redeliver'), id)
    count = count + 1
  end
end
redis.call('PUBLISH', prefix .. 'published', '')
return count`
