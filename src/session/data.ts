/**
 * SessionData: what a handler sees and changes of a session's data, and how that is stored.
 *
 * @module
 */
import { DataError } from "../ground/errors.ts";
import { type JsonObject, parseData, stringifyOwn } from "../ground/json.ts";
import { closedView, throwCommitted } from "./closed.ts";
import { applyPatch, diff } from "./patch.ts";

/** Where flash values are kept among the data: hidden from `session.data`, one key each. */
const FLASH = "~flash:";
/** Marks the data of a session that came by an accepted token, until somebody logs in. */
const ACCEPTED = "~accepted";
/** What the names of both begin with. */
const TILDE = 126;

/** The JSON text of data that an accepted token brought. */
export function markAccepted(data: string): string {
  const mark = `${JSON.stringify(ACCEPTED)}:true}`;
  return data === "{}" ? `{${mark}` : `${data.slice(0, -1)},${mark}`;
}

/** A session's data in one request. Without a prototype, so that no key means anything but itself, unless that is asked for. */
export class SessionData {
  /** What waits to be taken once. */
  readonly flashes: JsonObject = Object.create(null);
  /** Whether an accepted token brought the session, and nobody has logged in since. */
  accepted = false;
  #visible: JsonObject | undefined;
  /** Whether it still lacks its prototype, since nobody has seen it. */
  #isBare = false;
  /** Whether `visible` is an object of the application's own. */
  #replaced = false;
  /** Once closed: what a change meets. */
  #refuse: (() => void) | undefined;
  /** The data, once closed and looked at. */
  #view: JsonObject | undefined;

  readonly #prototype: object | null;

  /** What a handler would see of data as it is stored, and could change. */
  static of(text: string): SessionData {
    const data = new SessionData();
    data.fill(text);
    return data;
  }

  /** @param prototype That of `visible`. */
  constructor(prototype: object | null = null) {
    this.#prototype = prototype;
  }

  /** What the handler sees as `session.data`. */
  get visible(): JsonObject {
    if (this.#isBare) this.#visible = Object.setPrototypeOf(this.#visible, this.#prototype);
    this.#isBare = false;
    if (this.#refuse === undefined) return this.#data;
    this.#view ??= closedView(this.#data, this.#refuse);
    return this.#view;
  }

  get #data(): JsonObject {
    this.#visible ??= emptyObject(this.#prototype);
    return this.#visible;
  }

  get replaced(): boolean {
    return this.#replaced;
  }

  /** Shows another, empty object. The one before stays as the handler left it. */
  renew(): void {
    this.#isBare = false;
    this.#visible = emptyObject(this.#prototype);
    this.#view = undefined;
    this.#replaced = false;
  }

  /**
   * Puts the application's own object in the place of the data, so that what it changes in it later counts, too: until other data has to be
   * shown, as after an `update()` or `patch()` that changed something. That is another object, since nothing is written into the application's own.
   */
  replace(data: JsonObject): void {
    this.#visible = data;
    this.#isBare = false;
    this.#replaced = true;
  }

  /** Takes what was just parsed for nobody else, before any handler has seen the data. */
  take(data: JsonObject): void {
    this.accepted = takeAccepted(data);
    const flashes = takeFlashes(data);
    if (flashes !== null) become(this.flashes, flashes);
    this.#visible = data;
    this.#isBare = this.#prototype !== null;
  }

  /** Makes the data what the text says, in place: what is the same stays, so that references the handler holds stay good. */
  fill(text: string): void {
    this.#renewIfNotOurs();
    const data = parseData(text) ?? Object.create(null);
    this.accepted = takeAccepted(data);
    become(this.flashes, takeFlashes(data) ?? {});
    become(this.#data, data);
  }

  /** Makes the data this, and leaves the flash values. */
  become(data: JsonObject): void {
    become(this.#data, data);
  }

  /** Shows this data in the place of what was before. What was changed in between stays changed. */
  rebase(before: string, now: string): void {
    if (before === now) return;
    const text = this.json(null);
    const own = text === before ? null : diff(parseData(before) ?? {}, parseData(text) ?? {});
    this.fill(own === null ? now : applyPatch(now, own));
  }

  /**
   * The data as JSON text.
   *
   * @param known The text before: parallel requests may have made it too large, and nobody is locked out for that. Null: of any size.
   * @throws DataError when it cannot be kept.
   */
  json(known?: string | null): string {
    return stringifyOwn(this.stored(), known);
  }

  /** The data as text, of any size; empty where it is none, as a handler may leave it that fails. */
  text(): string {
    try {
      return this.json(null);
    } catch {
      return "";
    }
  }

  /** A value that waits to be taken once. @param takes Whether it is taken now. */
  flash(key: string, takes: boolean): unknown {
    const value = Object.hasOwn(this.flashes, key) ? this.flashes[key] : undefined;
    if (value !== undefined && takes) delete this.flashes[key];
    return value;
  }

  /** Drops every key that is not to be kept, and every flash value; answers with their names in {@link stored}. */
  keepOnly(keeps: (key: string) => boolean): string[] {
    const all = Object.entries(this.#data);
    const dropped = Object.keys(this.#data).filter((key) => !keeps(key));
    this.#renewIfNotOurs();
    for (const [key, value] of all) {
      delete this.#data[key];
      if (keeps(key)) define(this.#data, key, value);
    }
    for (const key of Object.keys(this.flashes)) {
      if (keeps(FLASH + key)) continue;
      dropped.push(FLASH + key);
      delete this.flashes[key];
    }
    return dropped;
  }

  /** The data as it is stored: the visible keys and the flash values. For reading only: it may be what the handler sees. */
  stored(): JsonObject {
    const flashes = Object.keys(this.flashes);
    const own = !this.#replaced && flashes.length === 0 && !this.accepted;
    const all: JsonObject = own ? this.#data : Object.create(null);
    for (const key of Object.keys(this.#data)) {
      if (key.charCodeAt(0) === TILDE) assertFree(key);
      if (!own) all[key] = this.#data[key];
    }
    for (const key of flashes) all[FLASH + key] = this.flashes[key];
    if (this.accepted) all[ACCEPTED] = true;
    return all;
  }

  /**
   * Takes no change any more. Nothing that may be the application's own is touched: only the object that we made is closed, and not
   * what is in it.
   *
   * @param onChange Called for a change that comes all the same, in the place of an error.
   */
  close(onChange?: () => void): void {
    if (this.#visible !== undefined && !this.#replaced && !this.#isBare && onChange === undefined) Object.freeze(this.#visible);
    this.#refuse = onChange ?? throwCommitted;
  }

  /** The application's own object, and what it may still hold after the response, is not written into. */
  #renewIfNotOurs(): void {
    if (this.#replaced || this.#refuse !== undefined) this.renew();
  }
}

/** Without a prototype, made in two steps: V8 keeps what `Object.create(null)` makes in a table, and all that is done with it is slow. */
function emptyObject(prototype: object | null): JsonObject {
  return prototype === null ? Object.setPrototypeOf({}, null) : Object.create(prototype);
}

/** @throws DataError for a name of the library's own */
export function assertFree(key: string): void {
  if (!key.startsWith(FLASH) && key !== ACCEPTED) return;
  throw new DataError(
    "ERR_DATA_NOT_JSON",
    `Cannot save the session: "${ACCEPTED}" and keys that start with "${FLASH}" are kept for the library`,
  );
}

/** Takes the mark of an accepted session out of the data. */
function takeAccepted(data: JsonObject): boolean {
  if (!Object.hasOwn(data, ACCEPTED)) return false;
  delete data[ACCEPTED];
  return true;
}

/** Takes the flash values out of the data; null when there are none. */
function takeFlashes(data: JsonObject): JsonObject | null {
  let flashes: JsonObject | null = null;
  for (const key of Object.keys(data)) {
    if (!key.startsWith(FLASH)) continue;
    flashes ??= Object.create(null) as JsonObject;
    flashes[key.slice(FLASH.length)] = data[key];
    delete data[key];
  }
  return flashes;
}

function become(object: JsonObject, wanted: JsonObject): void {
  for (const key of Object.keys(object)) if (!Object.hasOwn(wanted, key)) delete object[key];
  for (const key of Object.keys(wanted)) {
    if (!Object.hasOwn(object, key) || !isSame(object[key], wanted[key])) define(object, key, wanted[key]);
  }
}

/** Sets a key, `__proto__` and those of inherited members like every other. */
export function define(object: JsonObject, key: string, value: unknown): void {
  // What it inherits may have an accessor of that name.
  if (Object.hasOwn(object, key) || !(key in object)) object[key] = value;
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

function isSame(value: unknown, wanted: unknown): boolean {
  try {
    return JSON.stringify(value) === JSON.stringify(wanted);
  } catch {
    // What a handler left here may be no JSON at all.
    return false;
  }
}
