/**
 * Wraps a store: whatever it throws becomes a StoreError without the store's message, which may hold session data.
 *
 * @module
 */
import { DataError, isOptionError, isStoreError, StoreError, type StoreOperation } from "../ground/errors.ts";
import { MAX_DATA_BYTES } from "../ground/json.ts";
import type { CookieBackend } from "../manager/contract.ts";
import type { Manager } from "../manager/manager.ts";
import type { Key, RecordOrMark, SessionInfo, UpdateResult } from "../session/record.ts";
import type { SessionStore } from "./contract.ts";

/** What the parts of one backend share. */
export interface Stored {
  readonly manager: Manager;
  /** The backend for sessions in cookies, such as those of anonymous visitors. */
  readonly cookies: CookieBackend;
  readonly store: GuardedStore;
  /** New ids that handlers have seen but that are not written yet, with the ids they replace. */
  readonly nextIds: Map<string, string>;
}

/** The result of a change. Data that is too large is thrown, but not as a store error. */
type Changed =
  | { readonly ok: true; readonly version: number }
  | { readonly ok: false; readonly why: "gone" | "moved" | "conflict" };

/** The wrapped store. Its methods follow the SessionStore contract. */
export interface GuardedStore extends Pick<SessionStore, "create" | "guarantees" | "load" | "remove" | "touch"> {
  readonly dataOnly: boolean;
  /** @throws DataError if the data would take more than `maxBytes`. */
  update(...given: Parameters<SessionStore["update"]>): Promise<Changed>;
  replace(...given: Parameters<SessionStore["replace"]>): Promise<Changed>;
  /** Undefined if the store is not split. */
  route(subject: string | undefined): Promise<string | undefined> | undefined;
  recordRoute(id: string): Promise<string | undefined>;
  readonly list: ((subject: string) => Promise<SessionInfo[]>) | undefined;
  readonly removeAll: ((subject: string, options: { except?: string }) => Promise<number>) | undefined;
  readonly watch: ((key: Key, request: Request) => Promise<Response>) | undefined;
}

/** Wraps a store. */
export function guardedStore(store: SessionStore): GuardedStore {
  return {
    guarantees: store.guarantees,
    dataOnly: store.dataOnly ?? false,
    load: (key, options) => guarded("load", async () => answered(await store.load(key, options))),
    create: (...given) => guarded("create", () => store.create(...given)),
    update: (...given) => guarded("update", async () => judged(await store.update(...given))).then(changed),
    replace: (...given) => guarded("replace", async () => judged(await store.replace(...given))).then(changed),
    touch: (...given) => guarded("touch", () => store.touch(...given)),
    remove: (key) => guarded("remove", () => store.remove(key)),
    route: (subject) => store.route && guarded("route", async () => store.route?.(subject)),
    recordRoute: async (id) => store.recordRoute && guarded("route", async () => store.recordRoute?.(id)),
    list: store.list && ((subject) => guarded("list", async () => rows(await store.list?.(subject)))),
    removeAll:
      store.removeAll && ((subject, options) => guarded("removeAll", async () => store.removeAll?.(subject, options) ?? 0)),
    watch: store.watch && ((key, request) => guarded("watch", async () => store.watch?.(key, request) as Promise<Response>)),
  };
}

/** Any other result means a broken store. Its value never goes into an error. */
const answered = (found: RecordOrMark | null): RecordOrMark | null => (typeof found === "object" ? found : noAnswer("load"));

function noAnswer(what: string): never {
  throw new TypeError(`Cannot ${what} the session: the store returned an invalid result`);
}

const rows = (found: SessionInfo[] | undefined): SessionInfo[] => (Array.isArray(found) ? found : noAnswer("list"));

const WHYS: readonly unknown[] = ["gone", "moved", "conflict", "too-large"];

/** Checks the result of a change, so that no caller acts on something the store did not say. */
const judged = (result: UpdateResult | null | undefined): UpdateResult =>
  (result?.ok === true ? typeof result.version === "number" : result?.ok === false && WHYS.includes(result.why))
    ? (result as UpdateResult)
    : noAnswer("change");

const changed = (result: UpdateResult): Changed =>
  result.ok || result.why !== "too-large" ? (result as Changed) : refuseTooLarge();

function refuseTooLarge(): never {
  const text = `Cannot save the session: this change takes its data over the limit of ${MAX_DATA_BYTES} bytes. Store less in it`;
  throw new DataError("ERR_DATA_TOO_LARGE", text);
}

const guarded = <Result>(operation: StoreOperation, call: () => Promise<Result>): Promise<Result> =>
  begun(call).catch((error: unknown) => fail(operation, error));

/** A method may also throw synchronously. */
const begun = async <Result>(call: () => Promise<Result>): Promise<Result> => await call();

function fail(operation: StoreOperation, error: unknown): never {
  // Option errors tell the developer how to fix the set-up.
  if (isStoreError(error) || isOptionError(error)) throw error;
  throw new StoreError(operation, whatItSays(error));
}

/** The only parts of a store's error that are passed on. Even reading them may throw. */
function whatItSays(error: unknown): { retryable?: boolean; reason?: string } {
  try {
    const { name, code, retryable } = (error ?? {}) as { name?: unknown; code?: unknown; retryable?: unknown };
    const reason = [code, name].find((word) => typeof word === "string" && /^\w{1,60}$/.test(word)) as string | undefined;
    return { retryable: retryable === true, ...(reason !== undefined && { reason }) };
  } catch {
    return {};
  }
}
