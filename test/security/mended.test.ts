/** Ways in that were found open once, and are shut. */
import { describe, expect, it } from "vitest";
import { session as koaSession } from "../../src/adapters/koa/index.ts";
import { createSessions } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp } from "../support/app.ts";
import { withMethods } from "../support/changed-store.ts";
import { SECRET } from "../support/secrets.ts";
import { fakeKoa } from "./fake-koa.ts";
import { inspectDeeply } from "./inspect-deeply.ts";

describe("another host below the domain", () => {
  it("starts no cookie of ours by a comma in the value of its own", async () => {
    const app = makeApp({ store: memory() });
    const attacker = app.newBrowser();
    await app.does((session) => Object.assign(session.data, { returnTo: "https://evil.example" }), attacker);
    const seen: unknown[] = [];
    await app.answers(
      (session) => {
        session.login("alice");
        seen.push(session.data.returnTo);
      },
      { Cookie: `theme=1, ${attacker.cookieHeader()}` },
    );
    expect(seen).toEqual([undefined]);
  });
});

describe("a store's answer", () => {
  async function answering(found: unknown) {
    const inner = memory();
    const store = withMethods(inner, {
      load: async (...args) =>
        (typeof found === "object" && found !== null && "patch" in found
          ? { ...(await inner.load(...args)), ...(found.patch as object) }
          : found) as never,
    });
    const app = makeApp({ store });
    await app.does((session) => session.login("alice"));
    return app.does((session) => [session.isNew, session.subject]).catch((error: unknown) => error);
  }
  const deep = (levels: number) => `{"a":${"[".repeat(levels)}${"]".repeat(levels)}}`;

  for (const found of [undefined, "kanarie-value", 5, true]) {
    it(`that is no record (${String(found)}) is a StoreError that quotes nothing`, async () => {
      const error = await answering(found);
      expect(inspectDeeply(error)).not.toContain("kanarie");
      expect(error).toMatchObject({ code: "ERR_STORE", operation: "load" });
    });
  }

  for (const said of [
    undefined,
    null,
    "kanarie-value",
    {},
    { ok: true },
    { ok: true, version: "7" },
    { ok: false },
    { ok: false, why: "kanarie" },
  ]) {
    it(`that says ${JSON.stringify(said)} of a change is a StoreError that quotes nothing`, async () => {
      for (const act of ["patch", "update", "save", "regenerateId"] as const) {
        const inner = memory();
        const wrong = async () => said as never;
        const app = makeApp({ store: withMethods(inner, { update: wrong, replace: wrong }), lazy: act === "patch" });
        await app.does(async (session) => {
          await session.ready();
          session.data.views = 1;
        });
        const error = await app
          .answers(async (session) => {
            if (act === "patch") return session.patch({ views: 2 });
            if (act === "update") return session.update((data) => void Object.assign(data, { views: 2 }));
            if (act === "regenerateId") return session.regenerateId();
            session.data.views = 2;
            return session.save();
          })
          .catch((thrown: unknown) => thrown);
        expect(inspectDeeply(error)).not.toContain("kanarie");
        expect(error).toMatchObject({ code: "ERR_STORE", operation: act === "regenerateId" ? "replace" : "update" });
      }
    });
  }

  it("a list that is none is a StoreError", async () => {
    const app = makeApp({ store: withMethods(memory(), { list: async () => ({}) as never }) });
    await expect(app.sessions.list("alice")).rejects.toMatchObject({ code: "ERR_STORE", operation: "list" });
  });

  for (const data of [deep(200), deep(100_000)]) {
    it(`whose data cannot be saved again (${data.slice(0, 12)}) is no session, or a session, and no error for who only reads`, async () => {
      expect(Array.isArray(await answering({ patch: { data } }))).toBe(true);
    });
  }

  for (const patch of [
    { startedAt: undefined },
    { startedAt: "x" },
    { seenAt: Number.NaN },
    { expiresAt: undefined },
    { data: ["{}"] },
    { subject: 5 },
  ]) {
    it(`without the right type of ${Object.keys(patch)} is no session: what has no times would never end`, async () => {
      expect(await answering({ patch })).toEqual([true, undefined]);
    });
  }

  it("a mark without a place is no fault of the request", async () => {
    expect(await answering({ movedAt: 1_800_000_000, to: null })).toEqual([expect.any(Boolean), undefined]);
  });
});

describe("a store's error", () => {
  it("whose code cannot be read is a StoreError, and what reading it throws goes nowhere", async () => {
    const store = withMethods(memory(), {
      create: async () => {
        throw Object.defineProperty({}, "code", {
          get() {
            throw new Error("kanarie-fault");
          },
        });
      },
    });
    const error = await makeApp({ store })
      .answers((session) => Object.assign(session.data, { a: 1 }))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "ERR_STORE" });
    expect(inspectDeeply(error)).not.toContain("kanarie");
  });
});

describe("Koa, not signed", () => {
  it("a cookie deeper than 100 levels makes no error", async () => {
    const ask = fakeKoa(koaSession({ cookie: { signed: false } }));
    const deep = `${"[".repeat(1900)}${"]".repeat(1900)}`;
    expect(await ask(`koa:sess={"_sid":"aaaaaaaaaaaaaaaaaaaa","a":${deep}}`)).toMatchObject({ status: 200 });
  });
});

describe("caches", () => {
  it("that are told so by name keep no session cookie either (RFC 9213)", async () => {
    const headers = {
      "CDN-Cache-Control": "max-age=600",
      "Cloudflare-CDN-Cache-Control": "max-age=600",
      "Surrogate-Control": "max-age=600",
    };
    const response = await makeApp().answers((session) => session.login("alice") ?? new Response("", { headers }));
    for (const name of Object.keys(headers)) expect(response.headers.get(name) ?? "no-store").toBe("no-store");
  });
});

describe("a listener", () => {
  it("that is async may fail, too, without ending the process", async () => {
    const heard: unknown[] = [];
    const note = (reason: unknown) => heard.push(reason);
    const before = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection").on("unhandledRejection", note);
    const onEvent = (async () => {
      throw new Error("listener");
    }) as never;
    await makeApp({ onEvent }).does((session) => session.login("alice"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.removeAllListeners("unhandledRejection");
    for (const listener of before) process.on("unhandledRejection", listener);
    expect(heard).toEqual([]);
  });
});

describe("wrong options are OptionErrors", () => {
  for (const wrong of [{ context: 5 }, { cookie: null }, { copy: null }]) {
    it(JSON.stringify(wrong), () => {
      expect(() => createSessions({ secrets: SECRET, store: memory(), ...wrong } as never)).toThrow(
        expect.objectContaining({ code: "ERR_OPTION" }),
      );
    });
  }

  it("a store of three methods that has none", () => {
    expect(() => koaSession({ secrets: SECRET, store: {} as never })).toThrow(expect.objectContaining({ code: "ERR_OPTION" }));
  });
});
