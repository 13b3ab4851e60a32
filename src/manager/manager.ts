/**
 * What loading and committing share: the settings of one manager, and its places.
 *
 * @module
 */

import type { Cookie } from "../cookie/serialize.ts";
import type { SessionStore } from "../stored/contract.ts";
import type { TokenCodec } from "../token/codec.ts";
import { encryptedTokens } from "../token/encrypted.ts";
import type { KeyKind } from "../token/keys.ts";
import { signedTokens } from "../token/signed.ts";
import { rememberTokens } from "../token/verified.ts";
import { dataInStore, inCookie, inStore, type Keeping } from "./backend.ts";
import type { RequestSettings, Settings } from "./settle.ts";

/** One cookie of a manager: what its tokens are, and where the sessions are kept that they stand for. */
export interface Place {
  readonly cookie: Cookie;
  readonly codec: TokenCodec;
  readonly keeping: Keeping;
  /** Drops a token from the memory of opened ones. */
  readonly forget: (token: string) => void;
}

/** Where copies of stored sessions are, and for how many seconds they are good. */
export interface Copies extends Place {
  readonly maxAge: number;
}

/** The parts of one manager. */
export interface Engine extends Omit<RequestSettings, "cookies"> {
  /** Where sessions with a subject are, and those of visitors; the same place where they are not told apart. */
  readonly store: SessionStore | undefined;
  /** Whether opening a token takes a promise, if only the first one. */
  readonly waits: boolean;
  /** Whether only those who have a key can make tokens. */
  readonly tokensProve: boolean;
  /** What else is read, and never written. */
  readonly accept: readonly TokenCodec[];
  /** The copies of sessions that are in a store, if there are any. */
  readonly copies: Copies | undefined;
  readonly places: { readonly session: Place; readonly visitor: Place };
  /** Ids that handlers were told of before they are written, and those that they replace. */
  readonly nextIds: NextIds;
}

/** The most requests at a time that have asked for an id which is not written yet. */
const MOST_NEXT_IDS = 10_000;

/** Which session an id will be that a handler was told of. */
export class NextIds {
  readonly #former = new Map<string, string>();

  note(next: string, former: string): void {
    this.#former.set(next, former);
    // A request that was never answered leaves its id here.
    const [oldest] = this.#former.size > MOST_NEXT_IDS ? this.#former.keys() : [];
    if (oldest !== undefined) this.#former.delete(oldest);
  }

  written(id: string): void {
    this.#former.delete(id);
  }

  /** The id under which the session is kept now. */
  current(id: string): string {
    return this.#former.get(id) ?? id;
  }
}

const REMEMBERED_BYTES = 2 * 1024 * 1024;

/** The engine for the library's own tokens. No key is derived before the first token is opened or made. */
export function createEngine(settings: Settings): Engine {
  const {
    anonymous,
    cookies,
    copy,
    secrets,
    primitives,
    scope: _scope,
    readable: _readable,
    rememberTokens: tokens,
    ...rest
  } = settings;
  const keeping = keepingFor(rest.store, rest.timeouts.absoluteTimeout);
  const codec = ownTokens(settings, kindFor(settings));
  const session = place(cookies.session, keeping, codec, tokens);
  const together = cookies.visitor === cookies.session;
  const inStoreToo = together ? session : { ...session, cookie: cookies.visitor };
  const visitor = anonymous === "store" ? inStoreToo : place(cookies.visitor, inCookie, ownTokens(settings, "data"), tokens);
  const copies = copy && {
    ...place(copy.cookie, inCookie, ownTokens(settings, "copy"), tokens),
    maxAge: copy.maxAge,
  };
  const fetchesKeys = typeof secrets === "function" || secrets.some((secret) => secret instanceof CryptoKey);
  return {
    ...rest,
    tokensProve: true,
    waits: fetchesKeys || !primitives.atOnce,
    copies,
    places: { session, visitor },
    nextIds: new NextIds(),
  };
}

/** The place of a session, by whose it is. */
export function placeOf({ places }: Engine, subject: string | undefined): Place {
  return subject === undefined ? places.visitor : places.session;
}

/** Where sessions are kept: in their cookies, in a store, or, of a store that keeps nothing else, their data there. */
export function keepingFor(store: SessionStore | undefined, absoluteTimeout: number): Keeping {
  if (store === undefined) return inCookie;
  return store.dataOnly ? dataInStore(store) : inStore(store, absoluteTimeout);
}

/** Puts a place together, with a memory of so many opened tokens. */
export function place(cookie: Cookie, keeping: Keeping, codec: TokenCodec, tokens: number): Place {
  if (tokens === 0) return { cookie, keeping, codec, forget: () => {} };
  const remembering = rememberTokens(codec, { tokens, bytes: REMEMBERED_BYTES });
  return { cookie, keeping, codec: remembering, forget: remembering.forget };
}

/** A manager opens only the kind of token that it writes: one that carries data never passes where a store decides. */
function kindFor({ store, readable }: Settings): KeyKind {
  if (store !== undefined && !store.dataOnly) return "id";
  if (readable) return "readable";
  return store === undefined ? "data" : "user";
}

function ownTokens({ secrets, primitives, scope }: Settings, kind: KeyKind): TokenCodec {
  if (kind === "id" || kind === "readable") return signedTokens({ ...scope, secrets, kind }, primitives);
  return encryptedTokens({ ...scope, secrets, kind }, primitives);
}
