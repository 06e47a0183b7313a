import type { Log } from '../../../foundation/log.ts'
import { partitionCount } from '../bus-store.ts'
import type { Retention } from '../retention.ts'
import { prefix, type RunScript, texts } from './redis-bus-connection.ts'

/**
 * Takes away what is older, or more, than is to be kept, as far as every group is done with it; beyond the hard limit in
 * any case. ARGV: prefix, partition, ms, entries, factor, at most how many at once. @returns trimmed, whether some were lost
 */
const trimScript = `
local prefix, key = ARGV[1], ARGV[1] .. 'p:' .. ARGV[2]
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
if redis.call('EXISTS', key) == 0 then return { '0', '0' } end
local function place(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(seq)
end
local function before(a, b)
  local aMs, aSeq = place(a)
  local bMs, bSeq = place(b)
  return aMs < bMs or (aMs == bMs and aSeq < bSeq)
end
local function follows(id)
  local ms, seq = place(id)
  return string.format('%.0f-%.0f', ms, seq + 1)
end
local safe
for _, group in ipairs(redis.call('XINFO', 'GROUPS', key)) do
  local open = group[6] > 0 and redis.call('XPENDING', key, group[2])[2] or follows(group[8])
  if not safe or before(open, safe) then safe = open end
end
local function boundary(ms, entries)
  local keep = string.format('%.0f-0', math.max(0, now - ms))
  local surplus = math.min(redis.call('XLEN', key) - entries, tonumber(ARGV[6]))
  if surplus > 0 then
    local page = redis.call('XRANGE', key, '-', '+', 'COUNT', surplus)
    local bySize = follows(page[#page][1])
    if before(keep, bySize) then keep = bySize end
  end
  return keep
end
local keep = boundary(ARGV[3], ARGV[4])
if safe and before(safe, keep) then keep = safe end
local hard = boundary(ARGV[3] * ARGV[5], ARGV[4] * ARGV[5])
local lost = '0'
if before(keep, hard) then
  local unhandled = safe and redis.call('XRANGE', key, safe, '(' .. hard, 'COUNT', 1) or {}
  if #unhandled > 0 then lost = '1' end
  keep = hard
end
local last = redis.call('XREVRANGE', key, '(' .. keep, '-', 'COUNT', 1)[1]
if not last then return { '0', '0' } end
local trimmed = redis.call('XTRIM', key, 'MINID', '=', keep)
local horizon = redis.call('HGET', prefix .. 'horizon', 'id')
if not horizon or before(horizon, last[1]) then
  redis.call('HSET', prefix .. 'horizon', 'id', last[1], 'ms', string.match(last[1], '^%d+'))
end
return { tostring(trimmed), lost }`

const batch = 2_000

export async function trimRedisBus(
  run: RunScript,
  { ageMs, events, hardFactor }: Retention,
  log: Log,
): Promise<void> {
  const perPartition = Math.ceil(events / partitionCount)
  for (let partition = 0; partition < partitionCount; ) {
    const answer = await run(trimScript, [prefix, partition, ageMs, perPartition, hardFactor, batch])
    const [trimmed, lost] = texts(answer)
    if (lost === '1')
      log.error({ partition }, 'events that a group had not handled were taken away by retention')
    if (Number(trimmed) < batch) partition += 1
  }
}
