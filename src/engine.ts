/**
 * What loading and committing share: the settings, the codec and the keeping of one manager.
 *
 * @module
 */
import { dataInStore, inCookie, inStore, type Keeping } from "./keeping.ts";
import type { RequestSettings, Settings } from "./options.ts";
import type { Primitives } from "./primitives.ts";
import type { SessionStore } from "./stores/store.ts";
import type { TokenCodec } from "./token/codec.ts";
import { encryptedTokens } from "./token/encrypted.ts";
import { signedTokens } from "./token/signed.ts";
import { rememberTokens } from "./token/verified.ts";

/** The parts of one manager. */
export interface Engine extends RequestSettings {
  readonly keeping: Keeping;
  readonly codec: TokenCodec;
  /** Drops a token from the memory of opened ones. */
  readonly forget: (token: string) => void;
}

const REMEMBERED_BYTES = 2 * 1024 * 1024;

/** The engine for the library's own tokens. No key is derived before the first token is opened or made. */
export function createEngine(settings: Settings, primitives: Primitives): Engine {
  return assemble(settings, keepingFor(settings.store, settings.timeouts.absoluteTimeout), tokens(settings, primitives));
}

/** Where sessions are kept: in their cookies, in a store, or, of a store that keeps nothing else, their data there. */
export function keepingFor(store: SessionStore | undefined, absoluteTimeout: number): Keeping {
  if (store === undefined) return inCookie;
  return store.dataOnly ? dataInStore(store) : inStore(store, absoluteTimeout);
}

/** Puts the parts together, with a memory of opened tokens. */
export function assemble(settings: RequestSettings, keeping: Keeping, codec: TokenCodec): Engine {
  if (settings.rememberTokens === 0) return { ...settings, keeping, codec, forget: () => {} };
  const remembering = rememberTokens(codec, { tokens: settings.rememberTokens, bytes: REMEMBERED_BYTES });
  return { ...settings, keeping, codec: remembering, forget: remembering.forget };
}

/** A manager opens only the kind of token that it writes: one that carries data never passes where a store decides. */
function tokens({ store, readable, secrets, scope }: Settings, primitives: Primitives): TokenCodec {
  if (store !== undefined && !store.dataOnly) return signedTokens({ ...scope, secrets, kind: "id" }, primitives);
  if (readable) return signedTokens({ ...scope, secrets, kind: "readable" }, primitives);
  return encryptedTokens({ ...scope, secrets, kind: store === undefined ? "data" : "user" }, primitives);
}
