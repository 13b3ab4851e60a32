/**
 * Assembles a manager: channels, backend and hooks.
 *
 * @module
 */
import type { Cookie } from "../cookie/serialize.ts";
import { cannot } from "../ground/errors.ts";
import { assertFree } from "../session/data.ts";
import type { Mode } from "../session/next.ts";
import { checkChanges } from "../session/patch.ts";
import { subjectOf, type Visit } from "../session/visit.ts";
import { assertWritable } from "../session/wish.ts";
import type { TokenCodec } from "../token/codec.ts";
import { encryptedTokens } from "../token/encrypted.ts";
import type { KeyKind } from "../token/keys.ts";
import { isCryptoKey } from "../token/secrets.ts";
import { signedTokens } from "../token/signed.ts";
import { rememberTokens } from "../token/verified.ts";
import { inCookie } from "./backend.ts";
import { commit } from "./commit.ts";
import type { Backend, Change, Channel, CookieBackend, Occasion } from "./contract.ts";
import { hooksOf } from "./hooks.ts";
import type { BackedStore } from "./imported.ts";
import { dataOf, living, load, onlyToken } from "./load.ts";
import { channelOf, type Manager, type Parts } from "./manager.ts";
import type { Settings } from "./settle.ts";

const REMEMBERED_BYTES = 2 * 1024 * 1024;
const LATER: Occasion = { mode: "later", status: 200 };

export function managerOf(parts: Parts): Manager {
  const manager: Manager = {
    ...parts,
    hooks: {},
    backend: undefined as unknown as Backend,
    commit: (visit) => commit(visit, manager, LATER),
    living: (channel, candidate, record, visit, copied) => living(manager, channel, candidate, record, visit, copied),
    dataOf: (channel, id, record) => dataOf(manager, channel, id, record),
    refuseGrace: (why) => {
      cannot("regenerate the id with graceSeconds", `${why}; leave graceSeconds out`);
    },
    noteNextId: (next, former) => manager.backend.noteNextId(next, former),
    assertGrace: (visit, graceSeconds) => manager.backend.assertGrace(visit, graceSeconds),
    load: (visit, fresh) => load(visit, manager, true, fresh),
    refresh: async (visit) => manager.backend.refresh(visit),
    save: (visit) => save(visit, manager),
    patch: async (visit, changes, load) => {
      checkChanges(changes);
      for (const key of Object.keys(changes)) assertFree(key);
      await manager.backend.patch(visit, changes, load);
    },
    onlyToken: (visit) => onlyToken(visit, manager),
    update: <Result>(visit: Visit, change: Change<Result>) => {
      if (typeof change !== "function")
        cannot("update the session", "give a function that changes the data, or use patch({ views: 1 })");
      return manager.backend.update(visit, change);
    },
  };
  const cookies: CookieBackend = inCookie(manager);
  const backend = parts.store === undefined ? cookies : backendOf(parts.store, manager, cookies);
  return Object.assign(manager, { backend, hooks: hooksOf(parts.features, manager) });
}

function backendOf(store: BackedStore, manager: Manager, cookies: CookieBackend): Backend {
  return (store["~backend"] as unknown as (manager: Manager, cookies: CookieBackend) => Backend)(manager, cookies);
}

async function save(visit: Visit, manager: Manager): Promise<void> {
  if (visit.stage === "closed" && channelOf(manager, subjectOf(visit)).mode !== "cookie") return;
  assertWritable(visit);
  await manager.commit(visit);
}

/** The parts for the library's own tokens. Keys are derived when the first token is opened or made. */
export function partsFor(settings: Settings): Parts {
  const { anonymous, cookies, secrets, primitives, scope, readable, store, rememberTokens: tokens, ...rest } = settings;
  const mode: Mode = store === undefined ? "cookie" : store.dataOnly ? "data" : "store";
  const channel = (kind: KeyKind, cookie: Cookie, where: Mode = "cookie") => {
    const make =
      kind === "id" || kind === "readable"
        ? signedTokens({ ...scope, secrets, kind }, primitives)
        : encryptedTokens({ ...scope, secrets, kind }, primitives);
    return channelFor(cookie, where, make, tokens);
  };
  const user = channel(kindFor(mode, readable), cookies.session, mode);
  const visitor =
    anonymous === "cookie"
      ? channel("data", cookies.visitor)
      : cookies.visitor === cookies.session
        ? user
        : { ...user, cookie: cookies.visitor };
  const fetchesKeys = typeof secrets === "function" || secrets.some(isCryptoKey);
  return {
    ...rest,
    channels: { user, visitor },
    store,
    opensLater: fetchesKeys || !primitives.atOnce,
    tokensProve: true,
    channel,
  };
}

export function channelFor(cookie: Cookie, mode: Mode, codec: TokenCodec, tokens: number): Channel {
  if (tokens === 0) return { cookie, mode, codec, forget: () => {} };
  const remembering = rememberTokens(codec, { tokens, bytes: REMEMBERED_BYTES });
  return { cookie, mode, codec: remembering, forget: remembering.forget };
}

/** A manager opens only the kind of token it writes: with a store, a token that carries data must not pass. */
function kindFor(mode: Mode, readable: boolean): KeyKind {
  if (mode === "store") return "id";
  if (readable) return "readable";
  return mode === "cookie" ? "data" : "user";
}
