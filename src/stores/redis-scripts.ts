/**
 * The Lua scripts of the Redis store. Redis runs each of them wholly and alone, which is what makes the store atomic.
 *
 * Every script gets in KEYS[1] the key of a session, `<prefix>s:<id>`, or of a subject's set, `<prefix>u:<route>`. It finds
 * all others from there, so that a prefix that the client itself puts before keys counts too. Instants are epoch seconds as
 * text, written back as they came, since a number of Lua's would lose digits as text.
 *
 * @module
 */

/** A script, and the hash that Redis knows it by. */
export class Script {
  readonly text: string;
  #sha1: Promise<string> | undefined;

  constructor(body: string) {
    this.text = PRELUDE + body;
  }

  /** SHA-1 of the text in hexadecimal: Redis's name for it, no matter of security. */
  sha1(): Promise<string> {
    this.#sha1 ??= sha1Of(this.text);
    return this.#sha1;
  }
}

async function sha1Of(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text)));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What several scripts do. Subjects' sets have the instants at which Redis drops the sessions, in milliseconds, as scores. */
const PRELUDE = `
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

/** KEYS: session. ARGV: nothing; or now, seenAfter, seenBefore and expiresAt. Answers the fields and values that are there. */
export const LOAD: Script = new Script(`
if #ARGV > 0 then
  local state, record = look(KEYS[1], ARGV[1])
  if state == 'here' then
    local seen_at = number(record.seen_at)
    -- A server that cannot write now, because it is full or a replica, can still be read.
    if seen_at > number(ARGV[2]) and seen_at <= number(ARGV[3]) then pcall(slide, KEYS[1], record, ARGV[1], ARGV[4]) end
  end
end
return redis.call('HGETALL', KEYS[1])
`);

/** KEYS: session, subject's set if it has one. ARGV: now, expiresAt, route or nothing, limit or nothing; fields and values. */
export const CREATE: Script = new Script(`
if look(KEYS[1], ARGV[1]) ~= 'gone' then return 'taken' end
-- A first write that needs no memory would let the others pass a full server's limit.
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('DEL', KEYS[1]) end
for at = 5, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1]) end
enlist(KEYS[1], ARGV[3], expire(KEYS[1], ARGV[2], ARGV[1]), ARGV[4])
return 'ok'
`);

/** KEYS: session. ARGV: now, expiresAt, version or nothing; patch. Answers the new version, or why there is none. */
export const UPDATE: Script = new Script(`
local state, record = look(KEYS[1], ARGV[1])
if state ~= 'here' then return state end
if ARGV[3] ~= '' and number(ARGV[3]) ~= number(record.version) then return 'conflict' end
local version = patch(KEYS[1], 4)
slide(KEYS[1], record, ARGV[1], ARGV[2])
return version
`);

/**
 * KEYS: old session, new session, the new subject's set if it has one. ARGV: now, expiresAt, route or nothing, limit or nothing,
 * 1 to say in the mark where to; how many fields of the record; those and their values; patch. Answers as UPDATE does.
 */
export const REPLACE: Script = new Script(`
local old, new, now = KEYS[1], KEYS[2], ARGV[1]
local state, record = look(old, now)
if state ~= 'here' then return state end
if look(new, now) ~= 'gone' then return 'taken' end
redis.call('RENAME', old, new)
forget(record.route, id_of(old))
redis.call('HDEL', new, 'm:subject', 'm:meta', 'm:set')
local fields_end = 6 + 2 * tonumber(ARGV[6])
for at = 7, fields_end, 2 do redis.call('HSET', new, ARGV[at], ARGV[at + 1]) end
local version = patch(new, fields_end + 1)
redis.call('HSET', old, 'm:movedAt', now)
if ARGV[5] == '1' then redis.call('HSET', old, 'm:to', id_of(new)) end
expire(old, tostring(number(now) + 60), now)
enlist(new, ARGV[3], expire(new, ARGV[2], now), ARGV[4])
return version
`);

/** KEYS: session. ARGV: now, expiresAt. Answers 1, or 0 when there is nothing to touch. */
export const TOUCH: Script = new Script(`
local state, record = look(KEYS[1], ARGV[1])
if state ~= 'here' then return 0 end
slide(KEYS[1], record, ARGV[1], ARGV[2])
return 1
`);

/** KEYS: session. Goes from mark to mark; a mark lives for 60 seconds, so there are few. */
export const REMOVE: Script = new Script(`
local key = KEYS[1]
for _ = 1, 1000 do
  local found = redis.call('HMGET', key, 'm:to', 'm:set')
  redis.call('DEL', key)
  forget(found[2], id_of(key))
  if not found[1] then break end
  key = session_key(found[1])
end
return 1
`);

/** KEYS: subject's set. Answers id, startedAt, seenAt, expiresAt and meta (or nothing) of every session. */
export const LIST: Script = new Script(`
local rows = {}
sweep(name)
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local found = redis.call('HMGET', session_key(id), 'm:set', 'm:startedAt', 'm:seenAt', 'm:expiresAt', 'm:meta')
  if found[1] ~= name then forget(name, id)
  else
    for _, value in ipairs({ id, found[2], found[3], found[4], found[5] or '' }) do table.insert(rows, value) end
  end
end
return rows
`);

/** KEYS: subject's set. ARGV: the id to spare, or nothing. Answers how many sessions were ended. */
export const REMOVE_ALL: Script = new Script(`
local count = 0
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if id ~= ARGV[1] then
    if redis.call('HGET', session_key(id), 'm:set') == name then count = count + redis.call('DEL', session_key(id)) end
    forget(name, id)
  end
end
return count
`);
