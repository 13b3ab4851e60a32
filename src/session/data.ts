/**
 * SessionData: a session's data as a handler sees it, and as it is stored.
 *
 * @module
 */
import { DataError } from "../ground/errors.ts";
import { type JsonObject, parseData, stringifyOwn } from "../ground/json.ts";
import { closedView, throwCommitted } from "./closed.ts";
import { applyPatch, diff } from "./patch.ts";

/** Prefix of flash values in the stored data. `session.data` hides them. */
const FLASH = "~flash:";
/** Marks a session that came by an accepted token, until a login. */
const ACCEPTED = "~accepted";
/** The first character of both. */
const TILDE = 126;

/** The JSON text of data from an accepted token. */
export function markAccepted(data: string): string {
  const mark = `${JSON.stringify(ACCEPTED)}:true}`;
  return data === "{}" ? `{${mark}` : `${data.slice(0, -1)},${mark}`;
}

/** A session's data in one request. By default without a prototype, so that inherited names are no keys. */
export class SessionData {
  readonly flashes: JsonObject = Object.create(null);
  /** Whether the session came by an accepted token, without a login since. */
  accepted = false;
  #visible: JsonObject | undefined;
  /** Whether the prototype is still to be set, since nobody has seen the object. */
  #isBare = false;
  /** Whether `visible` is the application's own object. */
  #replaced = false;
  /** Once closed, called for each change. */
  #refuse: (() => void) | undefined;
  #view: JsonObject | undefined;

  readonly #prototype: object | null;

  /** Stored data as a handler would see it, to work on. */
  static of(text: string): SessionData {
    const data = new SessionData();
    data.fill(text);
    return data;
  }

  constructor(prototype: object | null = null) {
    this.#prototype = prototype;
  }

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

  /** Shows a new, empty object. The old one stays as the handler left it. */
  renew(): void {
    this.#isBare = false;
    this.#visible = emptyObject(this.#prototype);
    this.#view = undefined;
    this.#replaced = false;
  }

  /**
   * Shows the application's own object as the data, so that later changes to it count. It is replaced when other data
   * must be shown, as after an `update()`, since nothing is ever written into it.
   */
  replace(data: JsonObject): void {
    this.#visible = data;
    this.#isBare = false;
    this.#replaced = true;
  }

  /** Takes a freshly parsed object, before any handler has seen the data. */
  take(data: JsonObject): void {
    this.accepted = takeAccepted(data);
    const flashes = takeFlashes(data);
    if (flashes !== null) become(this.flashes, flashes);
    this.#visible = data;
    this.#isBare = this.#prototype !== null;
  }

  /** Sets the data from text, in place. Equal values stay, so that the handler's references remain valid. */
  fill(text: string): void {
    this.#renewIfNotOurs();
    const data = parseData(text) ?? Object.create(null);
    this.accepted = takeAccepted(data);
    become(this.flashes, takeFlashes(data) ?? {});
    become(this.#data, data);
  }

  /** Sets the data, except for flash values. */
  become(data: JsonObject): void {
    become(this.#data, data);
  }

  /** Replaces the data that was shown, and applies the changes made since. */
  rebase(before: string, now: string): void {
    if (before === now) return;
    const text = this.json(null);
    const own = text === before ? null : diff(parseData(before) ?? {}, parseData(text) ?? {});
    this.fill(own === null ? now : applyPatch(now, own));
  }

  /**
   * The data as JSON text.
   *
   * @param known The text before. If parallel requests made it too large already, that is no error. Null: no limit.
   * @throws DataError for data that cannot be stored.
   */
  json(known?: string | null): string {
    return stringifyOwn(this.stored(), known);
  }

  /** The data as text of any size; empty if it is invalid. */
  text(): string {
    try {
      return this.json(null);
    } catch {
      return "";
    }
  }

  flash(key: string, takes: boolean): unknown {
    const value = Object.hasOwn(this.flashes, key) ? this.flashes[key] : undefined;
    if (value !== undefined && takes) delete this.flashes[key];
    return value;
  }

  /** Drops all other keys and flash values. Returns their names in {@link stored}. */
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

  /** The data as stored. Read-only: it may be the handler's object. */
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
   * Refuses further changes. Freezes only the object that we made, not what is in it, since
   * that may be the application's.
   *
   * @param onChange Called for a change, which would otherwise throw.
   */
  close(onChange?: () => void): void {
    if (this.#visible !== undefined && !this.#replaced && !this.#isBare && onChange === undefined) Object.freeze(this.#visible);
    this.#refuse = onChange ?? throwCommitted;
  }

  /** The application's own object, and one it may hold after the response, are never written into. */
  #renewIfNotOurs(): void {
    if (this.#replaced || this.#refuse !== undefined) this.renew();
  }
}

/** Without a prototype, made in two steps: `Object.create(null)` makes a slow object in V8. */
function emptyObject(prototype: object | null): JsonObject {
  return prototype === null ? Object.setPrototypeOf({}, null) : Object.create(prototype);
}

/** @throws DataError for a reserved key */
export function assertFree(key: string): void {
  if (!key.startsWith(FLASH) && key !== ACCEPTED) return;
  throw new DataError(
    "ERR_DATA_NOT_JSON",
    `Cannot save the session: "${ACCEPTED}" and keys that start with "${FLASH}" are reserved. Use another key`,
  );
}

function takeAccepted(data: JsonObject): boolean {
  if (!Object.hasOwn(data, ACCEPTED)) return false;
  delete data[ACCEPTED];
  return true;
}

/** Removes the flash values from the data and returns them; null if there are none. */
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

/** Sets a key, even `__proto__` or an inherited name. */
export function define(object: JsonObject, key: string, value: unknown): void {
  // The prototype may have an accessor of that name.
  if (Object.hasOwn(object, key) || !(key in object)) object[key] = value;
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

function isSame(value: unknown, wanted: unknown): boolean {
  try {
    return JSON.stringify(value) === JSON.stringify(wanted);
  } catch {
    // A handler may have left something that is not JSON.
    return false;
  }
}
