/**
 * The methods that passport, and other middleware made for Express, call on a session. The data inherits them, so they are no part of it.
 *
 * @module
 */
import { isGoneError } from "../ground/errors.ts";
import { PendingCalls } from "../session/pending.ts";
import { type Session, visitOf } from "../session/session.ts";
import { baseOf } from "../session/visit.ts";
import { lateChange } from "../session/wish.ts";

/** Is called once, when a method is done: with what it failed with, if it did. */
// biome-ignore lint/suspicious/noExplicitAny: callbacks say what they expect, as `(error?: Error) => void`.
export type Done = (error?: any) => void;

/**
 * What `ctx.session` inherits beside its data: the methods of Express's sessions, as passport calls them. Each takes a callback, or gives a promise
 * where there is none. A key of the data that has the name of one takes its place.
 */
export interface SessionMethods {
  /**
   * Ends the session, in the store, too, and begins another under a new id and as a new object: what you hold of the old one stays as it is. Without
   * a store, a copy of the old cookie stays good until it expires. Fails with a StoreError.
   */
  regenerate(done: Done | undefined): void;
  /** The same, as a promise. */
  regenerate(): Promise<void>;
  /**
   * Writes to the store now what was changed so far; the cookie still goes with the response. Fails with a StoreError or a DataError. Where the session
   * ended meanwhile, or has another id, that is no error here.
   */
  save(done: Done | undefined): void;
  /** The same, as a promise. */
  save(): Promise<void>;
  /** Ends the session, in the store, too. Fails with a StoreError. */
  destroy(done: Done | undefined): void;
  /** The same, as a promise. */
  destroy(): Promise<void>;
  /** Drops what was changed since the last save, and reads the session again from the store. Fails with a GoneError where it ended, or a StoreError. */
  reload(done: Done | undefined): void;
  /** The same, as a promise. */
  reload(): Promise<void>;
  /** Counts as use of the session, so that it lives on. Gives the session. */
  touch(): this;
}

/** Whose data it is. */
export interface DataOwner {
  readonly session: Session<never>;
  /** Ends the session, and shows another one under a new object; the one before stays as it is. */
  regenerate(): void;
  /** Ends the session, so that nothing is there afterwards. */
  end(): void;
  /** Saves the session, where there is more to it than `session.save()`. */
  save?(): Promise<void>;
}

/** Gives what it is given, so that a private field of a class that extends it is put on that. */
class Given {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: that is what it is for.
    return object;
  }
}

/** Data that knows whose it is: by a private field, which nobody sees, and which is in no copy of it. */
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

/** Makes data one whose inherited methods know whose it is. Nothing that anybody sees of it changes. */
export function own<Data extends object>(data: Data, owner: DataOwner): Data {
  if (OwnedData.ownerOf(data) === undefined && Object.isExtensible(data)) new OwnedData(data, owner);
  return data;
}

/** Whose objects of applications are that stand for the data. */
const OWNERS = new WeakMap<object, DataOwner>();

/**
 * Data that is an object of the application's own, with the methods: what is written goes to that object, which is not touched otherwise. Its own methods
 * and accessors are called on it, since they may need its private fields.
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

/** The prototype for the data of sessions. @param base What it inherits in turn: null, or `Object.prototype`. */
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

/** Whose data this is. @throws TypeError for what is none */
export function ownerOf(data: object): DataOwner {
  const owner = Object(data) === data ? (OwnedData.ownerOf(data) ?? OWNERS.get(data)) : undefined;
  if (owner !== undefined) return owner;
  throw new TypeError("Cannot use this method of a session: call it on ctx.session itself");
}

/** Does what a method does. What it fails with belongs to the callback, or to whoever waits for the promise; else to the answer. */
function run(data: object, done: Done | undefined, work: (owner: DataOwner) => Promise<void>): Promise<void> | undefined {
  const owner = ownerOf(data);
  const visit = visitOf(owner.session);
  visit.pending ??= new PendingCalls();
  const running = visit.pending.run(async () => {
    if (visit.stage === "open") await work(owner);
    else lateChange(visit);
  });
  if (typeof done !== "function") return running;
  running.then(() => done(), done);
  return undefined;
}

/** Passport saves before it ends a session and after it began one: whether that is still there is not its business. */
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
