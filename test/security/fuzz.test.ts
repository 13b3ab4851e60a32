/**
 * Whatever stands in a Cookie header or in a store: no error, no store call for what is not ours, and no session but those
 * that were given. FUZZ_RUNS sets how many cases there are in all; the default is quick, 100,000 take about a minute.
 */

import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { copy } from "../../src/features/copy.ts";
import { fetched } from "../../src/features/fetched.ts";
import { createSessions, StoreError } from "../../src/index.ts";
import { type KvNamespace, kv } from "../../src/stores/kv/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { withMethods } from "../support/changed-store.ts";
import { Clock } from "../support/clock.ts";
import { OTHER_SECRET, SECRET } from "../support/secrets.ts";
import { cookieHeaders } from "./attacks.ts";
import { type Answer, fetchTarget, type Genuine, honoTarget, koaTarget, type Target } from "./targets.ts";

const TARGETS: (() => Promise<Target>)[] = [
  () => fetchTarget("fetch, sessions in a store", {}, true),
  () => fetchTarget("fetch, encrypted cookie", {}, false),
  () => fetchTarget("fetch, readable cookie", { readable: true }, false),
  () => fetchTarget("fetch, copy", { copy: copy({ maxAge: 60 }) }, true),
  () => fetchTarget("fetch, visitors in a cookie", { anonymous: "cookie" }, true),
  () => fetchTarget("fetch, cookies of a domain", { cookie: { domain: "example.com" } }, true),
  () => fetchTarget("fetch, secrets from a provider", { secrets: fetched({ get: async () => SECRET }) }, true),
  () => koaTarget("Koa compatible, cookie", {}),
  () => koaTarget("Koa compatible, cookie with timeouts", { idleTimeout: 600, absoluteTimeout: 6000 }),
  () => koaTarget("Koa compatible, store of three methods", {}, { stored: true }),
  () => koaTarget("Koa compatible, not signed", { cookie: { signed: false } }, { authenticates: false }),
  () =>
    koaTarget(
      "Koa compatible, not signed, with timeouts",
      { cookie: { signed: false, maxAge: 60_000 } },
      { authenticates: false },
    ),
  () => koaTarget("Koa with secrets, store", { secrets: SECRET }, { stored: true }),
  () => koaTarget("Koa with secrets, copy", { secrets: SECRET, copy: copy({ maxAge: 60 }) }, { stored: true }),
  () => koaTarget("Koa with secrets, encrypted cookie", { secrets: SECRET }),
  () => honoTarget("Hono, copy", { copy: copy({ maxAge: 60 }) }, true),
  () => honoTarget("Hono, encrypted cookie", {}, false),
  () => fetchTarget("fetch, accepting, in a store", {}, true, true),
  () => fetchTarget("fetch, accepting, encrypted cookie", {}, false, true),
  () => fetchTarget("fetch, accepting, visitors in a cookie", { anonymous: "cookie" }, true, true),
  () => honoTarget("Hono, accepting, copy", { copy: copy({ maxAge: 60 }) }, true, true),
  () => koaTarget("Koa with secrets, accepting, in a store", { secrets: SECRET }, { stored: true, accepting: true }),
];
const RUNS = Number(process.env.FUZZ_RUNS ?? 12_000);
const STORED_KINDS = 3;
const each = Math.ceil(RUNS / (TARGETS.length + STORED_KINDS));
const prototype = Object.getOwnPropertyNames(Object.prototype).sort();

afterAll(() => expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(prototype));

function expectCleanPrototypes(): void {
  const plain = {} as { isAdmin?: unknown; polluted?: unknown };
  if (plain.isAdmin !== undefined || plain.polluted !== undefined) throw new Error("Object.prototype was changed");
}

describe("any Cookie header: no error, no store call for what is not ours, no session that was not given, the same with and without memory", () => {
  it.each(TARGETS.map((make, index) => [index + 1, make] as const))(
    `application %i of ${TARGETS.length}`,
    async (_index, make) => {
      const target = await make();
      const { genuine } = target;
      const foreign = await foreignTo(target);
      await fc.assert(
        fc.asyncProperty(cookieHeaders(genuine, foreign), async (header) => {
          target.asked();
          const [remembering, forgetting] = await target.send(header);
          expect(withoutTokens(forgetting), target.name).toEqual(withoutTokens(remembering));
          expect(remembering.status).toBe(200);
          expectCleanPrototypes();
          if (!target.authenticates) return;
          const given = genuine.filter(({ cookies }) => cookies.every(([, value]) => header.includes(value) || isCopy(value)));
          if (given.length === 0) expect(target.asked()).toEqual([]);
          const { shown } = remembering;
          if (!shown.isNew) expect(given.map((one) => one.shown)).toContainEqual(shown);

          /** A copy may be missing: the session's own cookie is enough. */
          function isCopy(value: string): boolean {
            return genuine.some(({ cookies }) => cookies.some(([name, own]) => own === value && name.endsWith("-copy")));
          }
        }),
        { numRuns: each },
      );
    },
  );
});

/** Cookies made with the same secret for other kinds of tokens, another name and another context; and with another secret. */
async function foreignTo({ kinds }: Target): Promise<Genuine[]> {
  const others = await Promise.all([
    fetchTarget("other kind", {}, false),
    fetchTarget("other kind", { readable: true }, false),
    fetchTarget("other kind", {}, true),
    fetchTarget("other context", { context: "other" }, true),
    fetchTarget("other name", { name: "admin" }, true),
    fetchTarget("other secret", { secrets: OTHER_SECRET }, true),
  ]);
  const copying = await fetchTarget("other kind", { copy: copy({ maxAge: 60 }) }, true);
  const copies = copying.genuine.map((one) => ({ ...one, cookies: one.cookies.filter(([name]) => name.endsWith("-copy")) }));
  const foreign = others.filter((other) => other.name !== "other kind" || !other.kinds.some((kind) => kinds.includes(kind)));
  return [...foreign.flatMap((other) => other.genuine), ...(kinds.includes("copy") ? [] : copies)];
}

/** Two tokens of one session are never the same text, so only what stands around them is compared. */
function withoutTokens(answer: Answer): Answer {
  return { ...answer, setCookie: answer.setCookie.map((line) => line.replace(/=eyJ[^;]+/, "=token")) };
}

describe("anything in a store", () => {
  const clock = new Clock();
  const DATA = fc.oneof(
    fc.string({ unit: "binary", maxLength: 50 }),
    fc.json({ maxDepth: 4 }),
    fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 5 }).map((data) => JSON.stringify(data)),
    fc
      .tuple(fc.constantFrom("__proto__", "constructor", "prototype"), fc.json({ maxDepth: 2 }))
      .map(([key, json]) => `{"${key}":{"isAdmin":true,"polluted":${json}},"a":1}`),
    fc.constantFrom("", "{", "[]", "null", "1e400", '{"a":', `{"a":"${"x".repeat(100_000)}"}`, `{"a":${"[".repeat(100_000)}`),
  );

  /** An application whose store answers with what the test says, and a cookie for a session in it. */
  async function appWith(rememberTokens: number, answer: () => unknown) {
    const store = withMethods(memory(), { load: async () => answer() as never });
    const sessions = createSessions({ secrets: SECRET, store, now: clock.now, rememberTokens });
    const handler = sessions.handler((request, session) => {
      if (request.method === "POST") session.login("alice");
      return Response.json([session.isNew, session.subject, session.data]);
    });
    const [line = ""] = (await handler(new Request("https://a/", { method: "POST" }))).headers.getSetCookie();
    const Cookie = line.split(";")[0] as string;
    return async () => (await handler(new Request("https://a/", { headers: { Cookie } }))).text();
  }

  it("as data of a record: it is the session's data, or there is no session, and never an error", async () => {
    let data = "";
    const now = clock.now();
    const record = () => ({ data, version: 1, startedAt: now, seenAt: now, expiresAt: now + 600, subject: "alice" });
    const [remembering, forgetting] = [await appWith(1000, record), await appWith(0, record)];
    await fc.assert(
      fc.asyncProperty(DATA, async (text) => {
        data = text;
        const answer = await remembering();
        expect(await forgetting()).toBe(answer);
        expectCleanPrototypes();
        if (JSON.parse(answer)[0] === false) expect(isObject(text)).toBe(true);
        else expect(isObject(text)).toBe(false);
      }),
      { numRuns: each },
    );
  });

  it("in the place of a record's members: never an error of any other kind than StoreError", async () => {
    let answer: unknown;
    const [remembering, forgetting] = [await appWith(1000, () => answer), await appWith(0, () => answer)];
    const now = clock.now();
    const odd = fc.constantFrom<unknown>(undefined, null, -1, 0, 1e300, "", "x", [], {}, true, Number.NaN);
    const instant = fc.oneof(fc.constantFrom(now - 5, now, now + 600), odd);
    const record = fc.record(
      {
        data: fc.oneof(DATA, odd),
        version: odd,
        startedAt: instant,
        seenAt: instant,
        expiresAt: instant,
        subject: odd,
        meta: odd,
      },
      { requiredKeys: [] },
    );
    const mark = fc.record({
      movedAt: instant,
      to: fc.constantFrom<unknown>(undefined, {}, { id: 5 }, { id: "../x" }, { id: "a".repeat(20) }, "x"),
    });
    await fc.assert(
      fc.asyncProperty(fc.oneof({ weight: 4, arbitrary: record }, mark), async (found) => {
        answer = found;
        const shown = await remembering();
        expect(await forgetting()).toBe(shown);
        expectCleanPrototypes();
      }),
      { numRuns: each },
    );
  });

  it("as values of Workers KV: a session, none, or a StoreError that quotes nothing", async () => {
    const values = new Map<string, string>();
    let poison: string | undefined;
    const namespace: KvNamespace = {
      get: (async (key: string) => poison ?? values.get(key) ?? null) as never,
      put: (async (key: string, value: string) => void values.set(key, value)) as never,
      delete: async (key: string) => void values.delete(key),
      list: (async () => ({ keys: [], list_complete: true })) as never,
    };
    const sessions = createSessions({ secrets: SECRET, store: kv(namespace), now: clock.now });
    const handler = sessions.handler((request, session) => {
      if (request.method === "POST") session.login("alice");
      return Response.json([session.isNew, session.subject]);
    });
    const [line = ""] = (await handler(new Request("https://a/", { method: "POST" }))).headers.getSetCookie();
    const Cookie = line.split(";")[0] as string;
    const member = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constantFrom(clock.now(), clock.now() + 600, "{}"));
    const value = fc.oneof(
      fc.string({ unit: "binary", minLength: 1, maxLength: 50 }),
      fc.json({ maxDepth: 3 }),
      fc
        .record({ v: member, b: member, s: member, e: member, u: member, m: member, d: member }, { requiredKeys: [] })
        .map((r) => JSON.stringify(r)),
    );
    await fc.assert(
      fc.asyncProperty(value, async (text) => {
        poison = `${text}`;
        const answer = await handler(new Request("https://a/", { headers: { Cookie } })).catch((error: unknown) => error);
        expectCleanPrototypes();
        if (answer instanceof Response) return;
        expect(answer).toBeInstanceOf(StoreError);
        expect((answer as StoreError).message).toBe("Cannot load the session: the store failed (Error)");
      }),
      { numRuns: each },
    );
  });
});

function isObject(text: string): boolean {
  try {
    const value = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
