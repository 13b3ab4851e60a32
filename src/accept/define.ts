/**
 * defineCodec: what makes a codec of an application's own usable as an accepted one.
 *
 * @module
 */
import { OptionError } from "../ground/errors.ts";
import type { TokenCodec } from "../token/codec.ts";
import { acceptHooks } from "./accept.ts";

/** A codec that the option `accept` takes. */
export type AcceptedCodec<Codec extends object = TokenCodec> = Codec & {
  /** The library's own. */
  readonly "~feature": (manager: never, codecs: never) => unknown;
};

/**
 * Makes a codec acceptable: its tokens are read, never written, and redeemed once where there is a store. The codecs of this library are made by
 * it; one of your own is wrapped by it once.
 *
 * @throws OptionError for what has no `open()`.
 *
 * @example
 * ```ts
 * import { defineCodec } from "web-session-store/accept/define";
 *
 * const old = defineCodec(legacyTokens);
 * const sessions = createSessions({ secrets, store, accept: [old] });
 * ```
 */
export function defineCodec<Codec extends TokenCodec>(codec: Codec): AcceptedCodec<Codec> {
  if (typeof codec?.open !== "function")
    throw new OptionError("ERR_OPTION", "Cannot accept tokens of this codec: it lacks open()");
  const { name, namesSessions } = codec;
  const bound: AcceptedCodec = {
    ...(name !== undefined && { name }),
    ...(namesSessions !== undefined && { namesSessions }),
    ...(codec.find && { find: codec.find.bind(codec) }),
    ...(codec.clear && { clear: codec.clear.bind(codec) }),
    open: codec.open.bind(codec),
    seal: (codec.seal ?? noSeal).bind(codec),
    "~feature": acceptHooks,
  };
  return bound as AcceptedCodec<Codec>;
}

function noSeal(): never {
  throw new OptionError("ERR_OPTION", "Cannot make a token: this codec only reads them");
}
