/** Stores that are other stores but for some of their methods, or for what happens before and after every call. */
import type { SessionStore } from "../../src/index.ts";
import { type DefinedStore, defineStore } from "../../src/stored/define.ts";
import { METHODS, type Method } from "../../src/testing/contract/watched.ts";

/** All that a store may have, but for what it says of itself. */
const ALL: readonly (Method | "watch")[] = [...METHODS, "watch"];

/** A store as {@link defineStore} makes it of another. */
type Changed<Store extends SessionStore> = DefinedStore<Pick<Store, keyof Store & keyof SessionStore>>;

/** The same store, each of whose calls is carried out by `carryOut`, which gets the name of the method and how to call it. */
export function around<Store extends SessionStore>(
  inner: Store,
  carryOut: (name: (typeof ALL)[number], call: () => unknown) => unknown,
): Changed<Store> {
  return defineStore(delegating(inner, carryOut));
}

/** The same store as an object of its own, some of whose methods are others. */
export function withMethods<Store extends SessionStore>(inner: Store, others: Partial<SessionStore> = {}): Changed<Store> {
  return defineStore({ ...delegating(inner, (_name, call) => call()), ...others });
}

/** The same store, whose sessions all have this text as their data once it was told so. */
export function breakable(inner: SessionStore): { store: DefinedStore; breakData(text: string): void } {
  let broken: string | undefined;
  const load: SessionStore["load"] = async (...asked) => {
    const found = await inner.load(...asked);
    return broken === undefined ? found : ({ ...found, data: broken } as never);
  };
  return { store: withMethods(inner, { load }), breakData: (text) => (broken = text) };
}

/** The same store without some of what it may have. */
export function without<Store extends SessionStore>(
  inner: Store,
  ...names: ("list" | "removeAll" | "route" | "recordRoute" | "watch")[]
): DefinedStore {
  const rest: SessionStore = delegating<SessionStore>(inner, (_name, call) => call());
  for (const name of names) delete rest[name];
  return defineStore(rest);
}

function delegating<Store extends SessionStore>(
  inner: Store,
  carryOut: (name: (typeof ALL)[number], call: () => unknown) => unknown,
): Store {
  const { guarantees, dataOnly } = inner;
  const methods = ALL.flatMap((name) => {
    if (inner[name] === undefined) return [];
    return [[name, (...given: never[]) => carryOut(name, () => (inner[name] as (...given: never[]) => unknown)(...given))]];
  });
  return { guarantees, ...(dataOnly !== undefined && { dataOnly }), ...Object.fromEntries(methods) };
}
