/**
 * The Lua scripts of the Redis store. Redis runs each of them wholly and alone, which is what makes the store atomic.
 *
 * @module
 */
import { type MaybePromise, once } from "../../ground/maybe-promise.ts";
import { PRELUDE } from "./prelude.ts";

/** A script, and the hash that Redis knows it by. */
export class Script {
  readonly text: string;
  /** SHA-1 of the text in hexadecimal: Redis's name for it, no matter of security. */
  readonly sha1: () => MaybePromise<string>;

  constructor(body: string) {
    this.text = PRELUDE + body;
    this.sha1 = once(() => sha1Of(this.text));
  }
}

async function sha1Of(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text)));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

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

/**
 * KEYS: session. ARGV: now, expiresAt, version, seenAfter and maxBytes, or nothing for each of these three; patch. Answers the new version, or
 * why there is none.
 */
export const UPDATE: Script = new Script(`
local state, record = look(KEYS[1], ARGV[1])
if state ~= 'here' then return state end
if ARGV[3] ~= '' and number(ARGV[3]) ~= number(record.version) then return 'conflict' end
if ARGV[4] ~= '' and number(record.seen_at) <= number(ARGV[4]) then return 'gone' end
if ARGV[5] ~= '' and is_too_large(KEYS[1], 6, tonumber(ARGV[5])) then return 'too-large' end
local version = patch(KEYS[1], 6)
slide(KEYS[1], record, ARGV[1], ARGV[2])
return version
`);

/**
 * KEYS: old session, new session, the new subject's set if it has one. ARGV: now, expiresAt, route or nothing, limit or nothing,
 * what gives the new id, the end of the grace or nothing, version or nothing; how many fields of the record; those and their
 * values; patch. Answers as UPDATE does.
 */
export const REPLACE: Script = new Script(`
local old, new, now = KEYS[1], KEYS[2], ARGV[1]
local state, record = look(old, now)
if state ~= 'here' then return state end
if ARGV[7] ~= '' and number(ARGV[7]) ~= number(record.version) then return 'conflict' end
if look(new, now) ~= 'gone' then return 'taken' end
redis.call('RENAME', old, new)
forget(record.route, id_of(old))
redis.call('HDEL', new, 'm:subject', 'm:meta', 'm:set', 'm:idle', 'm:abs')
local fields_end = 8 + 2 * tonumber(ARGV[8])
for at = 9, fields_end, 2 do redis.call('HSET', new, ARGV[at], ARGV[at + 1]) end
local version = patch(new, fields_end + 1)
redis.call('HSET', old, 'm:movedAt', now)
redis.call('HSET', old, 'm:to', id_of(new))
redis.call('HSET', old, 'm:by', ARGV[5])
if ARGV[6] ~= '' then redis.call('HSET', old, 'm:grace', ARGV[6]) end
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

/** KEYS: session. Answers the fields and values that were there, or none; a mark stays. */
export const TAKE: Script = new Script(`
local found = redis.call('HMGET', KEYS[1], 'm:version', 'm:movedAt', 'm:set')
if found[2] or not found[1] then return {} end
local fields = redis.call('HGETALL', KEYS[1])
redis.call('DEL', KEYS[1])
forget(found[3], id_of(KEYS[1]))
return fields
`);

/** KEYS: subject's set. Answers id, startedAt, seenAt, expiresAt, and meta, idle and abs (or nothing) of every session. */
export const LIST: Script = new Script(`
local rows = {}
sweep(name)
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local found =
    redis.call('HMGET', session_key(id), 'm:set', 'm:startedAt', 'm:seenAt', 'm:expiresAt', 'm:meta', 'm:idle', 'm:abs')
  if found[1] ~= name then forget(name, id)
  else
    table.insert(rows, id)
    for at = 2, 7 do table.insert(rows, found[at] or '') end
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
