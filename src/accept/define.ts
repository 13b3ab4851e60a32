/**
 * defineCodec: makes an application's own codec usable in the option `accept`.
 *
 * @module
 */
import { cannot } from "../ground/errors.ts";
import type { AcceptedCodec } from "../manager/imported.ts";
import type { TokenCodec } from "../token/codec.ts";
import { acceptHooks } from "./accept.ts";

export type { AcceptedCodec } from "../manager/imported.ts";

const METHODS = ["find", "clear", "open", "seal"] as const;

/**
 * Makes a codec usable in the option `accept`: its tokens are read but never written and, with a store, redeemed once.
 * Wrap your own codec once. This library's codecs are already wrapped. Returns a new object that calls the methods on
 * yours, so a class works.
 *
 * @throws OptionError if there is no `open()`.
 *
 * @example
 * ```ts
 * import { defineCodec } from "web-session-store/accept/define";
 *
 * const old = defineCodec(legacyTokens);
 * const sessions = createSessions({ secrets, store, accept: [old] });
 * ```
 */
export function defineCodec<Codec extends TokenCodec>(codec: Codec): AcceptedCodec<Pick<Codec, keyof Codec & keyof TokenCodec>> {
  if (typeof codec?.open !== "function") cannot("accept tokens of this codec", "it lacks open()");
  const { name, namesSessions } = codec;
  const bound: Record<string, unknown> = { seal: noSeal, "~feature": acceptHooks };
  if (name !== undefined) bound.name = name;
  if (namesSessions !== undefined) bound.namesSessions = namesSessions;
  for (const method of METHODS) if (typeof codec[method] === "function") bound[method] = codec[method].bind(codec);
  return bound as unknown as AcceptedCodec<Pick<Codec, keyof Codec & keyof TokenCodec>>;
}

function noSeal(): never {
  cannot("make a token", "this codec only reads them");
}
