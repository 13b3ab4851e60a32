/**
 * What several scripts of the Redis store do: the Lua that stands before each of them.
 *
 * It finds every key from KEYS[1], the key of a session, `<prefix>s:<id>`, or of a subject's set, `<prefix>u:<route>`, so that a
 * prefix that the client itself puts before keys counts too. Instants are epoch seconds as text, written back as they came,
 * since a number of Lua's would lose digits as text.
 *
 * @module
 */

/** Subjects' sets have the instants at which Redis drops the sessions, in milliseconds, as scores. */
export const PRELUDE: string = `
local root, kind, name = string.match(KEYS[1], '^(.*)([su]):([^:]*)$')

local function session_key(id) return root .. 's:' .. id end
local function set_key(route) return root .. 'u:' .. route end
local function id_of(key) return string.sub(key, #root + 3) end

local function number(text)
  if text == 'Infinity' then return math.huge end
  return tonumber(text)
end

local function server_time()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function drop_at(key, at)
  if at == math.huge then redis.call('PERSIST', key)
  else redis.call('PEXPIREAT', key, string.format('%.0f', at)) end
end

-- Never before expires_at, and never sooner than the caller, whose clock may be another one, thinks it is away.
local function expire(key, expires_at, now)
  local at = math.ceil(number(expires_at) * 1000)
  local left = math.ceil((number(expires_at) - number(now)) * 1000)
  at = math.max(at, server_time() + left)
  if at ~= math.huge then at = math.min(at, 9e15) end
  drop_at(key, at)
  return at
end

-- The mark or record of a key, or why there is none to change.
local function look(key, now)
  local found = redis.call('HMGET', key, 'm:version', 'm:seenAt', 'm:expiresAt', 'm:set', 'm:movedAt')
  if found[5] then
    if number(found[5]) + 60 <= number(now) then return 'gone' end
    return 'moved'
  end
  if not found[1] or number(found[3]) <= number(now) then return 'gone' end
  return 'here', { version = found[1], seen_at = found[2], expires_at = found[3], route = found[4] }
end

local function forget(route, id)
  if route then redis.call('ZREM', set_key(route), id) end
end

local function index(route, id, at)
  local key = set_key(route)
  redis.call('ZADD', key, at == math.huge and '+inf' or string.format('%.0f', at), id)
  local last = redis.call('ZREVRANGE', key, 0, 0, 'WITHSCORES')[2]
  drop_at(key, last == 'inf' and math.huge or tonumber(last))
end

-- Drops from a subject's set what Redis itself has dropped.
local function sweep(route)
  redis.call('ZREMRANGEBYSCORE', set_key(route), '-inf', '(' .. string.format('%.0f', server_time()))
end

local function slide(key, record, now, expires_at)
  if number(now) > number(record.seen_at) then redis.call('HSET', key, 'm:seenAt', now) end
  if number(expires_at) <= number(record.expires_at) then return end
  redis.call('HSET', key, 'm:expiresAt', expires_at)
  local at = expire(key, expires_at, now)
  if record.route then index(record.route, id_of(key), at) end
end

-- ARGV from here on: 1 to clear first, or 0; how many fields to set; those and their values; fields to remove.
local function patch(key, from)
  if ARGV[from] == '1' then
    for _, field in ipairs(redis.call('HKEYS', key)) do
      if string.sub(field, 1, 2) ~= 'm:' then redis.call('HDEL', key, field) end
    end
  end
  local sets_end = from + 1 + 2 * tonumber(ARGV[from + 1])
  for at = sets_end + 1, #ARGV do redis.call('HDEL', key, ARGV[at]) end
  for at = from + 2, sets_end, 2 do redis.call('HSET', key, ARGV[at], ARGV[at + 1]) end
  return redis.call('HINCRBY', key, 'm:version', 1)
end

-- How many bytes a key of the data takes, as JSON in UTF-8: its field begins with two more, and there are quotes, a colon and a comma. JSON writes
-- quotes, backslashes and five control characters in two bytes, other control characters in six.
local function bytes_of(field, value)
  if string.sub(field, 1, 2) == 'j:' then return #field + #value end
  local _, short = string.gsub(field, '["\\\\\\8-\\10\\12\\13]', '')
  local _, long = string.gsub(field, '[%z\\1-\\7\\11\\14-\\31]', '')
  return #field + #value + 2 + short + 5 * long
end

-- Whether the patch lets the data take more bytes than it did, and more than it may.
local function is_too_large(key, from, most)
  local gained = 0
  local function drop(field)
    local value = redis.call('HGET', key, field)
    if value then gained = gained - bytes_of(field, value) end
  end
  local sets_end = from + 1 + 2 * tonumber(ARGV[from + 1])
  for at = sets_end + 1, #ARGV do drop(ARGV[at]) end
  for at = from + 2, sets_end, 2 do
    drop(ARGV[at])
    gained = gained + bytes_of(ARGV[at], ARGV[at + 1])
  end
  if gained <= 0 then return false end
  local bytes, fields = 1 + gained, redis.call('HGETALL', key)
  for at = 1, #fields, 2 do
    if string.sub(fields[at], 1, 2) ~= 'm:' then bytes = bytes + bytes_of(fields[at], fields[at + 1]) end
  end
  return bytes > most
end

-- Ends the subject's other sessions beyond so many, those used longest ago first.
local function limit(route, keep, most)
  local set = set_key(route)
  if most == '' or redis.call('ZCARD', set) <= tonumber(most) then return end
  local others = {}
  for _, id in ipairs(redis.call('ZRANGE', set, 0, -1)) do
    local found = redis.call('HMGET', session_key(id), 'm:seenAt', 'm:set')
    if found[2] ~= route then forget(route, id)
    elseif id ~= keep then table.insert(others, { id = id, seen_at = number(found[1]) }) end
  end
  table.sort(others, function(left, right)
    if left.seen_at ~= right.seen_at then return left.seen_at > right.seen_at end
    return left.id < right.id
  end)
  for at = tonumber(most), #others do
    redis.call('DEL', session_key(others[at].id))
    forget(route, others[at].id)
  end
end

-- Gives a session to a subject, if it has one.
local function enlist(key, route, at, most)
  if route == '' then return end
  sweep(route)
  index(route, id_of(key), at)
  limit(route, id_of(key), most)
end
`;
