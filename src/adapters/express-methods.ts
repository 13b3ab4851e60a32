/**
 * The session methods that passport and other Express middleware call. The data inherits them and does not contain
 * them.
 *
 * @module
 */
import { isGoneError } from "../ground/errors.ts";
import { begin } from "../session/pending.ts";
import { type Session, visitOf } from "../session/session.ts";
import { baseOf } from "../session/visit.ts";
import { lateChange } from "../session/wish.ts";

/** Called once when a method has finished, with the error if it failed. */
// biome-ignore lint/suspicious/noExplicitAny: callbacks say what they expect, as `(error?: Error) => void`.
export type Done = (error?: any) => void;

/**
 * The methods that `ctx.session` inherits: those of Express sessions, as passport calls them. Each takes a callback, or
 * returns a promise without one. A key of the data with the same name hides the method.
 */
export interface SessionMethods {
  /**
   * Ends the session, including in the store, and starts another with a new id and a new object. References to the old
   * object keep the old data. Without a store, a copy of the old cookie stays valid until it expires. Fails with
   * StoreError.
   */
  regenerate(done: Done | undefined): void;
  /** The same, with a promise. */
  regenerate(): Promise<void>;
  /**
   * Writes the changes so far to the store. The cookie is still sent with the response. Fails with StoreError or
   * DataError. It is no error if the session has ended meanwhile or has a new id.
   */
  save(done: Done | undefined): void;
  /** The same, with a promise. */
  save(): Promise<void>;
  /** Ends the session, including in the store. Fails with StoreError. */
  destroy(done: Done | undefined): void;
  /** The same, with a promise. */
  destroy(): Promise<void>;
  /**
   * Discards changes since the last save and rereads the session from the store. Fails with GoneError if it has ended,
   * or StoreError.
   */
  reload(done: Done | undefined): void;
  /** The same, with a promise. */
  reload(): Promise<void>;
  /** Counts as use of the session, which extends it. Returns the session. */
  touch(): this;
}

export interface DataOwner {
  readonly session: Session<never>;
  /** Ends the session and shows another one as a new object. The old object stays as it is. */
  regenerate(): void;
  /** Ends the session and leaves none. */
  end(): void;
  /** Saves the session, if that takes more than `session.save()`. */
  save?(): Promise<void>;
}

/** Returns its argument, so that a subclass can put a private field on that object. */
class Given {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: that is what it is for.
    return object;
  }
}

/** Data that knows its owner by a private field, which is invisible and is not copied. */
class OwnedData extends Given {
  readonly #owner: DataOwner;

  constructor(data: object, owner: DataOwner) {
    super(data);
    this.#owner = owner;
  }

  static ownerOf(data: object): DataOwner | undefined {
    return #owner in data ? data.#owner : undefined;
  }
}

/** Links data to its owner for the inherited methods, invisibly. */
export function own<Data extends object>(data: Data, owner: DataOwner): Data {
  if (OwnedData.ownerOf(data) === undefined && Object.isExtensible(data)) new OwnedData(data, owner);
  return data;
}

/** The owners of application objects that stand for the data. */
const OWNERS = new WeakMap<object, DataOwner>();

/**
 * Gives an application's own object the methods. Writes go to that object, which is not changed otherwise. Its methods
 * and accessors are called on it, as they may need its private fields.
 */
export function withMethods<Data extends object>(data: Data, methods: object, owner: DataOwner): Data {
  const shown = new Proxy(data, {
    get: (target, key, receiver) => {
      if (!(key in target)) return Reflect.get(methods, key, receiver);
      const value = Reflect.get(target, key);
      return typeof value === "function" && !Object.hasOwn(target, key) ? value.bind(target) : value;
    },
    set: (target, key, value) => Reflect.set(target, key, value),
  });
  OWNERS.set(shown, owner);
  return shown;
}

/** The prototype for session data. @param base What it inherits from: null or `Object.prototype`. */
export function methodsOn(base: object | null): object {
  const methods = Object.create(base);
  for (const [name, value] of Object.entries(METHODS))
    Object.defineProperty(methods, name, { value, writable: true, configurable: true });
  return methods;
}

type Method = (this: object, done?: Done) => Promise<void> | undefined;

const METHODS: Record<"regenerate" | "save" | "destroy" | "reload", Method> & { touch(this: object): object } = {
  regenerate(done) {
    return run(this, done, (owner) => {
      owner.regenerate();
      return save(owner);
    });
  },
  save(done) {
    return run(this, done, save);
  },
  destroy(done) {
    return run(this, done, (owner) => {
      owner.end();
      return save(owner);
    });
  },
  reload(done) {
    return run(this, done, reload);
  },
  touch() {
    visitOf(ownerOf(this).session).used = true;
    return this;
  },
};

/** The owner of this data. @throws TypeError if it is not session data. */
export function ownerOf(data: object): DataOwner {
  const owner = Object(data) === data ? (OwnedData.ownerOf(data) ?? OWNERS.get(data)) : undefined;
  if (owner !== undefined) return owner;
  throw new TypeError("Cannot call this method: the object is not a session. Call it on ctx.session itself.");
}

/**
 * Runs a method. An error goes to the callback or the promise. If nobody waits for the promise, the request fails with
 * it.
 */
function run(data: object, done: Done | undefined, work: (owner: DataOwner) => Promise<void>): Promise<void> | undefined {
  const owner = ownerOf(data);
  const visit = visitOf(owner.session);
  const running = begin(visit, async () => {
    if (visit.stage === "open") await work(owner);
    else lateChange(visit);
  });
  if (typeof done !== "function") return running;
  running.then(() => done(), done);
  return undefined;
}

/** Passport saves before it ends a session and after it starts one, and need not know if that session is gone. */
async function save(owner: DataOwner): Promise<void> {
  try {
    await (owner.save === undefined ? owner.session.save() : owner.save());
  } catch (error) {
    if (!isGoneError(error)) throw error;
  }
}

async function reload({ session }: DataOwner): Promise<void> {
  const visit = visitOf(session);
  visit.data.fill(visit.converted ?? baseOf(visit));
  if (visit.found.is === "living") await session.update(() => {});
}
