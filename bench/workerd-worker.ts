/**
 * The Worker that bench/workerd.ts times.
 *
 * @module
 */
import { createSessions } from "../dist/index.js";
import { encryptedTokens } from "../dist/token/encrypted.js";
import { signedTokens } from "../dist/token/signed.js";
import { webCrypto } from "../dist/token/web-crypto.js";
import { newData } from "./contenders/deeds.ts";
import { SECRET } from "./contenders/secrets.ts";

const scope = { secrets: [SECRET], name: "session", context: "" };
const codecs = {
  readable: signedTokens({ ...scope, kind: "readable" }, webCrypto),
  encrypted: encryptedTokens(scope, webCrypto),
};

type Work = () => unknown;

async function prepare(work: string): Promise<Work> {
  const [deed, kind] = work.split(" ") as [string, keyof typeof codecs];
  if (deed === "nothing") return () => null;
  const now = Math.floor(Date.now() / 1000);
  const claims = { sid: "bench-bench-bench-bench", start: now, iat: now, exp: now + 86_400, data: JSON.stringify(newData()) };
  const codec = codecs[kind];
  const token = await codec.seal(claims);
  if (deed === "seal") return () => codec.seal(claims);
  if (deed === "open") return async () => typeof (await codec.open(token)) === "object" || fail(work);
  const sessions = createSessions({ secrets: SECRET, readable: kind === "readable", rememberTokens: 0 });
  const first = await sessions.load(new Request("http://localhost"));
  Object.assign(first.data, newData());
  const cookie = (await sessions.apply(first, new Response())).headers.getSetCookie()[0]?.split(";")[0] as string;
  return async () => {
    const session = await sessions.load(new Request("http://localhost", { headers: { cookie } }));
    if (session.data.csrf === undefined) fail(work);
    await sessions.apply(session, new Response("read"));
  };
}

function fail(work: string): never {
  throw new Error(`Cannot ${work}`);
}

export default {
  async fetch(request: Request): Promise<Response> {
    const { searchParams } = new URL(request.url);
    const work = await prepare(searchParams.get("work") ?? "nothing");
    const times = Number(searchParams.get("times"));
    for (let done = 0; done < times; done++) await work();
    return new Response(String(times));
  },
};
