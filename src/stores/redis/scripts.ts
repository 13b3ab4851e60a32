/**
 * The Lua scripts of the Redis store. Redis runs each script atomically, and the store relies on that.
 *
 * @module
 */
import { type MaybePromise, once } from "../../ground/maybe-promise.ts";
import { ENLIST, EXPIRE, IS_TOO_LARGE, LOOK, NAMES, PATCH, SLIDE, SWEEP, WRITE } from "./prelude.ts";

export class Script {
  readonly text: string;
  /** SHA-1 of the text in hexadecimal, as Redis requires. It has no security purpose. */
  readonly sha1: () => MaybePromise<string>;

  constructor(text: string) {
    this.text = text;
    this.sha1 = once(() => sha1Of(text));
  }
}

async function sha1Of(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text)));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** KEYS: session. Returns its fields and values. */
export const READ: Script = new Script(`return redis.call('HGETALL', KEYS[1])`);

/**
 * KEYS: session. ARGV: now, seenAfter, seenBefore, expiresAt. Touches
 * the session if that is due, and returns its fields and values.
 */
export const LOAD: Script = new Script(`
local key, now = KEYS[1], ARGV[1]
local seen_at = tonumber(redis.call('HGET', key, 'm:seenAt') or nil)
if seen_at and seen_at > tonumber(ARGV[2]) and seen_at <= tonumber(ARGV[3]) then
${LOOK}${SLIDE}
  local state, record = look(key, now)
  -- A server that cannot write now, because it is full or a replica, can still be read.
  if state == 'here' then pcall(function()
    local seen_at, expires_at, is_later = slid(record, now, ARGV[4])
    redis.call('HSET', key, 'm:seenAt', seen_at, 'm:expiresAt', expires_at)
    if is_later then prolong(key, record.route, now, expires_at) end
  end) end
end
return redis.call('HGETALL', key)
`);

/**
 * KEYS: session, subject's set if any. ARGV: seenAt, expiresAt,
 * version, route or "", limit or "", then fields and values.
 */
export const CREATE: Script = new Script(`
local key, now = KEYS[1], ARGV[1]
${LOOK}${EXPIRE}${WRITE}
-- What is over is dropped only after it was seen: a first write that needs no memory would let the others pass a full server's limit.
if redis.call('EXISTS', key) == 1 then
  if look(key, now) ~= 'gone' then return 'taken' end
  redis.call('DEL', key)
end
local function begin()
  write(key, 6, ARGV[3], now, ARGV[2])
  return expire(key, number(ARGV[2]), number(now))
end
if ARGV[4] == '' then begin()
else
${ENLIST}
  check_set(ARGV[4])
  enlist(ARGV[4], name, begin(), ARGV[5])
end
return 'ok'
`);

/**
 * KEYS: session. ARGV: now, expiresAt, then version, seenAfter and maxBytes, each or "", then the patch.
 * Returns the new version, or why nothing changed. With seenAfter, for callers that have not
 * read the session, the version is in a list with the subject and meta, which may be null.
 */
export const UPDATE: Script = new Script(`
local key, now = KEYS[1], ARGV[1]
${LOOK}${SLIDE}${WRITE}${PATCH}
local state, record = look(key, now)
if state ~= 'here' then return state end
if ARGV[3] ~= '' and number(ARGV[3]) ~= number(record.version) then return 'conflict' end
if ARGV[4] ~= '' and number(record.seen_at) <= number(ARGV[4]) then return 'gone' end
if ARGV[5] ~= '' then
${IS_TOO_LARGE}
  if is_too_large(key, 6, tonumber(ARGV[5])) then return 'too-large' end
end
local version = string.format('%.0f', record.version + 1)
local seen_at, expires_at, is_later = slid(record, now, ARGV[2])
patch(key, 6, version, seen_at, expires_at)
if is_later then prolong(key, record.route, now, expires_at) end
if ARGV[4] == '' then return version end
local said = redis.call('HMGET', key, 'm:subject', 'm:meta')
return { version, said[1] or 'null', said[2] or 'null' }
`);

/**
 * KEYS: old session, new session, the new subject's set if any. ARGV: now, expiresAt,
 * route or "", limit or "", the reason for the new id, end of the grace or "",
 * version or "", then the patch with the record's fields. Returns the same as UPDATE.
 */
export const REPLACE: Script = new Script(`
local old, new, now = KEYS[1], KEYS[2], ARGV[1]
${LOOK}${EXPIRE}${WRITE}${PATCH}${ENLIST}
local state, record = look(old, now)
if state ~= 'here' then return state end
if ARGV[7] ~= '' and number(ARGV[7]) ~= number(record.version) then return 'conflict' end
if redis.call('EXISTS', new) == 1 and look(new, now) ~= 'gone' then return 'taken' end
local new_id = string.sub(new, #root + 3)
local version = string.format('%.0f', record.version + 1)
check_set(record.route)
check_set(ARGV[3])
redis.call('RENAME', old, new)
if record.route then redis.call('ZREM', set_key(record.route), name) end
redis.call('HDEL', new, 'm:subject', 'm:meta', 'm:set', 'm:idle', 'm:abs')
patch(new, 8, version, now, ARGV[2])
redis.call('HSET', old, 'm:movedAt', now, 'm:to', new_id, 'm:by', ARGV[5])
if ARGV[6] ~= '' then redis.call('HSET', old, 'm:grace', ARGV[6]) end
expire(old, number(now) + 60, number(now))
local at = expire(new, number(ARGV[2]), number(now))
if ARGV[3] ~= '' then enlist(ARGV[3], new_id, at, ARGV[4]) end
return version
`);

/** KEYS: session. ARGV: now, expiresAt. Returns 1, or 0 if there was nothing to touch. */
export const TOUCH: Script = new Script(`
local key, now = KEYS[1], ARGV[1]
${LOOK}${SLIDE}
local state, record = look(key, now)
if state ~= 'here' then return 0 end
local seen_at, expires_at, is_later = slid(record, now, ARGV[2])
redis.call('HSET', key, 'm:seenAt', seen_at, 'm:expiresAt', expires_at)
if is_later then prolong(key, record.route, now, expires_at) end
return 1
`);

/** KEYS: session. Follows marks to the session. Marks live for 60 seconds, so there are few. */
export const REMOVE: Script = new Script(`
local key = KEYS[1]
${NAMES}
for _ = 1, 1000 do
  -- A damaged key goes too.
  local found = redis.pcall('HMGET', key, 'm:to', 'm:set')
  redis.call('DEL', key)
  if found[2] then redis.pcall('ZREM', set_key(found[2]), string.sub(key, #root + 3)) end
  if not found[1] then break end
  key = session_key(found[1])
end
return 1
`);

/** KEYS: session. Removes it and returns its fields and values, or none. Leaves a mark alone. */
export const TAKE: Script = new Script(`
local found = redis.call('HMGET', KEYS[1], 'm:version', 'm:movedAt', 'm:set')
if found[2] or not found[1] then return {} end
local fields = redis.call('HGETALL', KEYS[1])
redis.call('DEL', KEYS[1])
if found[3] then
${NAMES}
  redis.pcall('ZREM', set_key(found[3]), name)
end
return fields
`);

/**
 * KEYS: subject's set. Returns id, startedAt, seenAt, expiresAt, subject,
 * meta, idle and abs of each session. Any but the id may be "", and meta null instead.
 */
export const LIST: Script = new Script(`
local rows, set = {}, KEYS[1]
${NAMES}${EXPIRE}${SWEEP}
sweep(set)
for _, id in ipairs(redis.call('ZRANGE', set, 0, -1)) do
  local found =
    redis.pcall('HMGET', session_key(id), 'm:set', 'm:startedAt', 'm:seenAt', 'm:expiresAt', 'm:subject', 'm:meta', 'm:idle', 'm:abs', 'm:version')
  if found[1] ~= name then redis.call('ZREM', set, id)
  elseif tonumber(found[9]) then
    found[6] = found[6] or 'null'
    table.insert(rows, id)
    for at = 2, 8 do table.insert(rows, found[at] or '') end
  end
end
return rows
`);

/** KEYS: subject's set. ARGV: the id to keep, or "". Returns the number of sessions it ended. */
export const REMOVE_ALL: Script = new Script(`
local count, set = 0, KEYS[1]
${NAMES}
for _, id in ipairs(redis.call('ZRANGE', set, 0, -1)) do
  if id ~= ARGV[1] then
    if redis.pcall('HGET', session_key(id), 'm:set') == name then count = count + redis.call('DEL', session_key(id)) end
    redis.call('ZREM', set, id)
  end
end
return count
`);
