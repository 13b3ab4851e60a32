/**
 * What must be in the store: told of every call that the store carries out, in order, and of who made it.
 *
 * A lineage is one session under all its ids: regenerateId() goes on with it; a login ends it and begins another.
 */
import type { SessionRecord } from "../../src/record.ts";
import { isMoved, type MovedMark, type UpdateResult } from "../../src/stores/store.ts";
import type { Values, Visit } from "./schedule-visit.ts";

/** One session, under all its ids. */
export interface Lineage {
  /** The id under which it lives. */
  alive: string | undefined;
  readonly subject: string | undefined;
  data: Values;
  /** Which request gave it the id it has. */
  by: Visit;
  ended?: { readonly how: "logout" | "login"; readonly by: Visit };
}

/** What the model promises, where that is to be chosen. */
export interface Promises {
  /** A write whose session got a new id by regenerateId() meanwhile goes to the new id, instead of being dropped. */
  readonly writesFollow: boolean;
  /** Use of a session is written down now and then, and what that finds out costs no write. */
  readonly touches: boolean;
  /** A login that names keys to keep takes their values from the store, not from what its request had loaded. */
  readonly keepIsExact: boolean;
  /** A request is told of what was dropped if, and only if, something was, also when its session had moved before it came. */
  readonly tellsExactly: boolean;
  /** What one call did, the next one sees. */
  readonly immediate: boolean;
}

export class Model {
  readonly problems: string[] = [];
  readonly lineages: Lineage[] = [];
  readonly #ids = new Map<string, Lineage>();
  readonly #promises: Promises;

  constructor(promises: Promises) {
    this.#promises = promises;
  }

  get ids(): string[] {
    return [...this.#ids.keys()];
  }

  lineageOf(id: string | undefined): Lineage | undefined {
    return id === undefined ? undefined : this.#ids.get(id);
  }

  isAlive(id: string | undefined): boolean {
    return id !== undefined && this.#ids.get(id)?.alive === id;
  }

  loaded(visit: Visit, id: string, found: SessionRecord | MovedMark | null): void {
    const lineage = this.#ids.get(id);
    const isRecord = found !== null && !isMoved(found);
    if (this.#promises.immediate) {
      if (isRecord !== this.isAlive(id)) this.#problem(visit, `loads ${isRecord ? "a session that ended" : "nothing"}`);
      else if (isRecord) this.#same(visit, "loads", values(found.data), lineage?.data);
    }
    if (visit.phase !== "loading" || found === null) return;
    visit.found = true;
    if (isMoved(found)) {
      visit.lost = true;
      visit.held ??= id;
    } else {
      visit.shows(values(found.data), found.subject);
      if (!visit.lost) visit.held = id;
    }
  }

  created(visit: Visit, id: string, record: SessionRecord): void {
    if (this.#ids.has(id)) this.#problem(visit, "creates a session under an id that was used before");
    const { view, subject, renewal } = visit.carried;
    // A request that has a session, living or moved, begins another one only by a login, or after it ended that one.
    const mayBegin = renewal === "login" || visit.destroyed || !visit.found;
    if (!mayBegin) this.#problem(visit, "begins a second session");
    this.#same(visit, "creates", values(record.data), view);
    this.#begin(visit, id, new Map(view), subject, record);
  }

  updated(visit: Visit, id: string, result: UpdateResult, isStep: boolean): void {
    const lineage = this.#changed(visit, id, result, isStep);
    if (lineage === undefined) return;
    if (isStep) {
      lineage.data.set("count", JSON.stringify(Number(JSON.parse(lineage.data.get("count") ?? "0")) + 1));
      visit.shows(lineage.data, visit.want.subject);
      visit.counted++;
      return;
    }
    patch(lineage.data, visit.changes());
    visit.wrote();
  }

  replaced(visit: Visit, from: string, to: string, result: UpdateResult, record: SessionRecord, follow: boolean): void {
    const lineage = this.#changed(visit, from, result, false);
    if (lineage === undefined) return;
    if (this.#ids.has(to)) this.#problem(visit, "takes an id that was used before");
    const { renewal, cleared, subject } = visit.carried;
    // A new id that is asked for while a login is on its way counts as part of the login.
    const asked = follow ? renewal === "regenerate" : renewal === "login" || (renewal !== undefined && visit.did.has("login"));
    if (!asked) this.#problem(visit, "gets a new id, and did not ask for it so");
    if (follow) {
      patch(lineage.data, visit.changes());
      lineage.alive = to;
      lineage.by = visit;
      this.#ids.set(to, lineage);
      visit.held = to;
      visit.wrote();
      return;
    }
    const data = cleared === undefined ? new Map(lineage.data) : this.#kept(visit, cleared, lineage.data);
    patch(data, visit.changes());
    lineage.alive = undefined;
    lineage.ended = { how: "login", by: visit };
    this.#begin(visit, to, data, subject, record);
  }

  removed(visit: Visit, id: string): void {
    const lineage = this.#ids.get(id);
    if (lineage === undefined || lineage.alive === undefined) return;
    const wants = visit.destroyed || visit.phase === "failed" || visit.did.has("fail");
    if (!wants) this.#problem(visit, "ends a session and did not ask for it");
    lineage.alive = undefined;
    lineage.ended = { how: "logout", by: visit };
  }

  touched(visit: Visit, id: string, found: boolean): void {
    if (found !== this.isAlive(id)) this.#problem(visit, "touches a session that ended, or misses one that lives");
  }

  /** A request was answered with success: what it wrote is kept, or was dropped for a reason, and it was told. */
  answered(visit: Visit): void {
    const changes = [...visit.changes(), ...(visit.uncounted ? ["count"] : [])];
    if (visit.want.renewal === "login") this.#problem(visit, "was answered, and is not logged in");
    else if (changes.length > 0) this.#judgeLoss(visit, JSON.stringify(changes));
    else if (this.#promises.tellsExactly && visit.toldOfLoss && visit.lost && !writesEarly(visit)) {
      this.#problem(visit, "is told of a loss, and wrote nothing");
    }
    if (visit.left.some((id) => this.#ids.get(id)?.alive !== undefined)) this.#problem(visit, "left its session alive");
  }

  #judgeLoss(visit: Visit, what: string): void {
    const { writesFollow, tellsExactly } = this.#promises;
    const lineage = this.lineageOf(visit.held);
    const isGone = visit.lost || (visit.held !== undefined && lineage?.alive === undefined);
    const hasMoved = lineage !== undefined && lineage.alive !== visit.held;
    if (!isGone && !(hasMoved && !writesFollow)) this.#problem(visit, `was answered, and its session lives without ${what}`);
    else if (!visit.toldOfLoss && !(visit.lost && !tellsExactly)) this.#problem(visit, `lost ${what} without an event`);
  }

  #begin(visit: Visit, id: string, data: Values, subject: string | undefined, record: SessionRecord): void {
    if (record.subject !== subject) this.#problem(visit, `begins a session of ${record.subject}, not of ${subject}`);
    const lineage: Lineage = { alive: id, subject, data, by: visit };
    this.lineages.push(lineage);
    this.#ids.set(id, lineage);
    visit.held = id;
    visit.lost = false;
    visit.uncounted = false;
    visit.wrote();
  }

  /** What a login that names keys leaves of the data. */
  #kept(visit: Visit, keys: readonly string[], there: Values): Values {
    const from = this.#promises.keepIsExact ? there : visit.base;
    return new Map(keys.flatMap((key) => (from.has(key) ? [[key, from.get(key) as string] as const] : [])));
  }

  /** The session that was changed, which must live; or nothing, where the store refused, which must have a reason. */
  #changed(visit: Visit, id: string, result: UpdateResult, isStep: boolean): Lineage | undefined {
    const lineage = this.#ids.get(id);
    if (result.ok && lineage?.alive === id) return lineage;
    if (result.ok) this.#problem(visit, "changes a session that ended");
    else if (result.why === "conflict" && !isStep) this.#problem(visit, "met a conflict although it named no version");
    else if (result.why !== "conflict" && this.isAlive(id)) this.#problem(visit, `hears that a living session is ${result.why}`);
    return undefined;
  }

  #same(visit: Visit, does: string, found: Values, wanted: Values | undefined): void {
    const [left, right] = [found, wanted ?? new Map()].map((all) => JSON.stringify([...all].sort()));
    if (left !== right) this.#problem(visit, `${does} ${left}, and should ${right}`);
  }

  #problem(visit: Visit, what: string): void {
    this.problems.push(`request ${visit.number} ${what}`);
  }
}

/** The values in a record's data. */
function values(data: string): Values {
  return new Map(Object.entries(JSON.parse(data)).map(([key, value]) => [key, JSON.stringify(value)]));
}

function patch(data: Values, changes: Map<string, string | undefined>): void {
  for (const [key, value] of changes) {
    if (value === undefined) data.delete(key);
    else data.set(key, value);
  }
}

/** Whether a request may have written something that it took back later, or wanted a new id. */
function writesEarly({ did }: Visit): boolean {
  return did.has("regenerate") || did.has("save") || did.has("save-unawaited");
}
