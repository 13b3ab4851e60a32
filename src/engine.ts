/**
 * What loading and committing share: the settings, the codec and the keeping of one manager.
 *
 * @module
 */
import { inCookie, inStore, type Keeping } from "./keeping.ts";
import type { Settings } from "./options.ts";
import type { Primitives } from "./primitives.ts";
import type { TokenCodec } from "./token/codec.ts";
import { encryptedTokens } from "./token/encrypted.ts";
import { signedTokens } from "./token/signed.ts";
import { rememberTokens } from "./token/verified.ts";

/** The parts of one manager. */
export interface Engine extends Settings {
  readonly keeping: Keeping;
  readonly codec: TokenCodec;
  /** Drops a token from the memory of opened ones. */
  readonly forget: (token: string) => void;
}

const REMEMBERED_BYTES = 2 * 1024 * 1024;

/** Puts the parts together. No key is derived before the first token is opened or made. */
export function createEngine(settings: Settings, primitives: Primitives): Engine {
  const keeping = settings.store === undefined ? inCookie : inStore(settings.store, settings.timeouts.absoluteTimeout);
  const codec = tokens(settings, primitives);
  if (settings.rememberTokens === 0) return { ...settings, keeping, codec, forget: () => {} };
  const remembering = rememberTokens(codec, { tokens: settings.rememberTokens, bytes: REMEMBERED_BYTES });
  return { ...settings, keeping, codec: remembering, forget: remembering.forget };
}

/** A manager opens only the kind of token that it writes: one that carries data never passes where a store decides. */
function tokens({ store, readable, secrets, scope }: Settings, primitives: Primitives): TokenCodec {
  if (store !== undefined) return signedTokens({ ...scope, secrets, kind: "id" }, primitives);
  if (readable) return signedTokens({ ...scope, secrets, kind: "readable" }, primitives);
  return encryptedTokens({ ...scope, secrets }, primitives);
}
