/**
 * Lua snippets that the Redis store's scripts share.
 *
 * Redis defines a script's functions on every call, so each script includes only what it needs,
 * where it needs it. Keys are derived from KEYS[1], which is a session (`<prefix>s:<id>`) or a
 * subject's set (`<prefix>u:<route>`), so they include a prefix that the client adds. Instants
 * are epoch seconds as text, because Lua loses digits when it formats numbers.
 *
 * @module
 */

/** The prefix of all keys, and the id or route in KEYS[1]. */
export const NAMES: string = `
local root, name = string.match(KEYS[1], '^(.*)[su]:([^:]*)$')
local function session_key(id) return root .. 's:' .. id end
local function set_key(route) return root .. 'u:' .. route end
`;

/** Finds the record or mark of a key, or why it cannot be changed. */
export const LOOK: string = `
local function number(text)
  if text == 'Infinity' then return math.huge end
  return tonumber(text)
end

-- A damaged record is broken: it is no session, but its id stays taken.
local function look(key, now)
  local found = redis.call('HMGET', key, 'm:version', 'm:seenAt', 'm:expiresAt', 'm:set', 'm:movedAt')
  if found[5] then
    if not number(found[5]) then return 'broken' end
    if number(found[5]) + 60 <= number(now) then return 'gone' end
    return 'moved'
  end
  if not found[1] then return 'gone' end
  if not (number(found[1]) and number(found[2]) and number(found[3])) then return 'broken' end
  if number(found[3]) <= number(now) then return 'gone' end
  return 'here', { version = found[1], seen_at = found[2], expires_at = found[3], route = found[4] }
end
`;

/** Sets when Redis drops a key. */
export const EXPIRE: string = `
local clock
local function server_time()
  local time = clock or redis.call('TIME')
  clock = time
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function drop_at(key, at)
  if at == math.huge then redis.call('PERSIST', key)
  else redis.call('PEXPIREAT', key, string.format('%.0f', at)) end
end

-- Never before expires_at, and never sooner than the caller, whose clock may be another one, thinks it is away.
local function expire(key, expires_at, now)
  local at = math.max(math.ceil(expires_at * 1000), server_time() + math.ceil((expires_at - now) * 1000))
  if at ~= math.huge then at = math.min(at, 9e15) end
  drop_at(key, at)
  return at
end
`;

/**
 * Needs NAMES. Reads a subject's set, which fails if its key holds something
 * else. A script that fails keeps what it wrote, so call it before the first write.
 */
const CHECK_SET: string = `
local function check_set(route)
  if route and route ~= '' then redis.call('ZCARD', set_key(route)) end
end
`;

/** Needs EXPIRE. The scores in a subject's set are the instants at which Redis drops its sessions, in milliseconds. */
const INDEX: string = `
local function index(set, id, at)
  redis.call('ZADD', set, at == math.huge and '+inf' or string.format('%.0f', at), id)
  local last = redis.call('ZREVRANGE', set, 0, 0, 'WITHSCORES')[2]
  drop_at(set, last == 'inf' and math.huge or tonumber(last))
end
`;

/**
 * Needs LOOK. The `seenAt` and `expiresAt` of a session after use.
 * Neither moves backwards. Call `prolong` if `expiresAt` moved.
 */
export const SLIDE: string = `
local function slid(record, now, expires_at)
  local seen_at = number(now) > number(record.seen_at) and now or record.seen_at
  if number(expires_at) > number(record.expires_at) then
    if record.route then
${NAMES}${CHECK_SET}
      check_set(record.route)
    end
    return seen_at, expires_at, true
  end
  return seen_at, record.expires_at, false
end

local function prolong(key, route, now, expires_at)
${EXPIRE}
  local at = expire(key, number(expires_at), number(now))
  if not route then return end
${NAMES}${INDEX}
  index(set_key(route), name, at)
end
`;

/**
 * Writes three fields of a record, and the pairs in ARGV from an index
 * on. In chunks, as Lua unpacks only a few thousand values at a time.
 */
export const WRITE: string = `
local function write(key, from, version, seen_at, expires_at)
  local to = math.min(from + 1999, #ARGV)
  redis.call('HSET', key, 'm:version', version, 'm:seenAt', seen_at, 'm:expiresAt', expires_at, unpack(ARGV, from, to))
  for at = to + 1, #ARGV, 2000 do redis.call('HSET', key, unpack(ARGV, at, math.min(at + 1999, #ARGV))) end
end
`;

/**
 * Needs WRITE. Writes a patch as well. ARGV from an index on: 1 to clear the data
 * first, or 0; the number of fields to remove; those fields; fields and values to set.
 */
export const PATCH: string = `
local function patch(key, from, version, seen_at, expires_at)
  local sets_from = from + 2 + ARGV[from + 1]
  if ARGV[from] == '1' or ARGV[from + 1] ~= '0' then
    -- A first write that needs no memory would let the others pass a full server's limit.
    redis.call('HSET', key, 'm:version', version)
    for at = from + 2, sets_from - 1 do redis.call('HDEL', key, ARGV[at]) end
    for _, field in ipairs(ARGV[from] == '1' and redis.call('HKEYS', key) or {}) do
      if string.sub(field, 1, 2) ~= 'm:' then redis.call('HDEL', key, field) end
    end
  end
  write(key, sets_from, version, seen_at, expires_at)
end
`;

/** Whether a patch grows the data and makes it larger than allowed. */
export const IS_TOO_LARGE: string = `
-- How many bytes a key of the data takes, as JSON in UTF-8: its field begins with two more, and there are quotes, a colon and a comma. JSON writes
-- quotes, backslashes and five control characters in two bytes, other control characters in six.
local function bytes_of(field, value)
  if string.sub(field, 1, 2) == 'j:' then return #field + #value end
  local _, short = string.gsub(field, '["\\\\\\8-\\10\\12\\13]', '')
  local _, long = string.gsub(field, '[%z\\1-\\7\\11\\14-\\31]', '')
  return #field + #value + 2 + short + 5 * long
end

local function is_too_large(key, from, most)
  local gained = 0
  local function drop(field)
    local value = redis.call('HGET', key, field)
    if value then gained = gained - bytes_of(field, value) end
  end
  local sets_from = from + 2 + ARGV[from + 1]
  for at = from + 2, sets_from - 1 do drop(ARGV[at]) end
  for at = sets_from, #ARGV, 2 do
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
`;

/** Needs EXPIRE. Removes sessions from a subject's set that Redis has dropped. */
export const SWEEP: string = `
local function sweep(set)
  redis.call('ZREMRANGEBYSCORE', set, '-inf', '(' .. string.format('%.0f', server_time()))
end
`;

/**
 * Needs LOOK and EXPIRE. Adds a session to its subject's set, and ends the
 * subject's other sessions beyond the limit, least recently used first.
 */
export const ENLIST: string = `${NAMES}${CHECK_SET}${INDEX}${SWEEP}
local function limit(route, keep, most)
  local set = set_key(route)
  if redis.call('ZCARD', set) <= most then return end
  local others = {}
  for _, id in ipairs(redis.call('ZRANGE', set, 0, -1)) do
    local found = redis.pcall('HMGET', session_key(id), 'm:seenAt', 'm:set')
    if found[2] ~= route then redis.call('ZREM', set, id)
    elseif id ~= keep then table.insert(others, { id = id, seen_at = number(found[1]) or 0 }) end
  end
  table.sort(others, function(left, right)
    if left.seen_at ~= right.seen_at then return left.seen_at > right.seen_at end
    return left.id < right.id
  end)
  for at = most, #others do
    redis.call('DEL', session_key(others[at].id))
    redis.call('ZREM', set, others[at].id)
  end
end

local function enlist(route, id, at, most)
  sweep(set_key(route))
  index(set_key(route), id, at)
  if most ~= '' then limit(route, id, tonumber(most)) end
end
`;
