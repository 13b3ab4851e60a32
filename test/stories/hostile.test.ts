/** Whatever a client sends: no error, no store call for what is not ours, a fresh session, one event with the reason. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SessionOptions, StoredOptions } from "../../src/index.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { cookieFor } from "../../src/testing/index.ts";
import { makeApp, typesOf } from "../support/app.ts";
import { breakable } from "../support/changed-store.ts";
import { DAY } from "../support/clock.ts";
import { USER_COOKIE, VISITOR_COOKIE } from "../support/cookie-names.ts";
import { failingStore } from "../support/failing-store.ts";
import { OTHER_SECRET, SECRET } from "../support/secrets.ts";

const MODES: [string, Partial<SessionOptions>][] = [
  ["opened tokens remembered", {}],
  ["no token remembered", { rememberTokens: 0 }],
];

for (const [mode, options] of MODES) {
  describe(`a cookie that is not ours, ${mode}`, () => {
    async function setUp() {
      const store = failingStore();
      const app = makeApp({ store, ...options });
      await app.does((session) => {
        session.data.views = 1;
      });
      const token = app.browser.cookies.get(VISITOR_COOKIE)?.value as string;
      await app.does((session) => session.data.views);
      store.calls.length = 0;
      app.events.length = 0;
      return { ...app, store, token };
    }

    /** Sends a Cookie header; gives what the handler saw and what was reported. */
    async function send(app: Awaited<ReturnType<typeof setUp>>, Cookie: string) {
      app.events.length = 0;
      let seen: unknown[] = [];
      const response = await app.answers(
        (session) => {
          seen = [session.isNew, session.data.views];
        },
        { Cookie },
      );
      expect(response.status).toBe(200);
      expect(response.headers.getSetCookie()).toEqual([]);
      return { seen, events: [...app.events] };
    }

    const flip = (token: string, at: number) => token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
    const cases: [string, (token: string) => string, string][] = [
      ["an empty value", () => "", "malformed"],
      ["garbage", () => "%F0%9F%9A%80=", "malformed"],
      ["a signature that was changed", (token) => flip(token, token.lastIndexOf(".") + 5), "forged"],
      ["a payload that was changed", (token) => flip(token, token.indexOf(".") + 9), "forged"],
      ["a header that was changed", (token) => flip(token, 3), "unknown-key"],
      ["a truncated token", (token) => token.slice(0, -1), "malformed"],
      ["a token with a part missing", (token) => token.slice(0, token.lastIndexOf(".")), "malformed"],
      ["a token with a part too many", (token) => `${token}.AA`, "malformed"],
      ["a JWT that says it needs no signature", (token) => `eyJhbGciOiJub25lIn0.${token.split(".")[1]}.`, "unknown-key"],
      ["a token longer than any browser keeps", (token) => token + "A".repeat(5000), "oversize"],
      ["one megabyte of dots", () => ".".repeat(1_000_000), "oversize"],
    ];

    for (const [what, make, reason] of cases) {
      it(`${what}: a fresh session, no store call, one event`, async () => {
        const app = await setUp();
        const { seen, events } = await send(app, `${VISITOR_COOKIE}=${make(app.token)}`);
        expect(seen).toEqual([true, undefined]);
        expect(events).toEqual([{ type: "invalid", reason }]);
        expect(app.store.calls).toEqual([]);
      });
    }

    it("another spelling of the same bytes: a fresh session, no store call, one event", async () => {
      const app = await setUp();
      // The last of 43 characters carries four bits, so its two lowest must be zero.
      const last = app.token.at(-1) as string;
      const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
      const respelled = app.token.slice(0, -1) + alphabet[alphabet.indexOf(last) + 1];
      const { seen, events } = await send(app, `${VISITOR_COOKIE}=${respelled}`);
      expect(seen).toEqual([true, undefined]);
      expect(events).toEqual([{ type: "invalid", reason: "malformed" }]);
      expect(app.store.calls).toEqual([]);
    });

    for (const [what, foreign, reason] of [
      ["another secret", { secrets: OTHER_SECRET }, "unknown-key"],
      ["another application", { context: "other" }, "unknown-key"],
      ["another session name", { name: "admin" }, "unknown-key"],
      ["a session encrypted in its cookie", { store: undefined as never }, "malformed"],
      ["a session readable in its cookie", { store: undefined as never, readable: true }, "unknown-key"],
    ] as const) {
      it(`a token of ${what}: a fresh session, no store call, one event`, async () => {
        const app = await setUp();
        const header = await cookieFor({ secrets: SECRET, store: app.store, now: app.clock.now, ...foreign });
        app.store.calls.length = 0;
        const { seen, events } = await send(app, `${VISITOR_COOKIE}=${header.slice(header.indexOf("=") + 1)}`);
        expect(seen).toEqual([true, undefined]);
        expect(events).toEqual([{ type: "invalid", reason }]);
        expect(app.store.calls).toEqual([]);
      });
    }

    it("a token past its end: a fresh session, no store call, one event", async () => {
      const app = await setUp();
      app.clock.pass(30 * DAY);
      const { seen, events } = await send(app, `${VISITOR_COOKIE}=${app.token}`);
      expect(seen).toEqual([true, undefined]);
      expect(typesOf(events)).toEqual(["expired"]);
      expect(app.store.calls).toEqual([]);
    });

    it("a token from the future: a fresh session, no store call, one event", async () => {
      const app = await setUp();
      app.clock.pass(-DAY);
      const { seen, events } = await send(app, `${VISITOR_COOKIE}=${app.token}`);
      expect(seen).toEqual([true, undefined]);
      expect(events).toEqual([{ type: "invalid", reason: "future" }]);
      expect(app.store.calls).toEqual([]);
    });

    it("1,000 cookies of our name: a fresh session, no store call, one event", async () => {
      const app = await setUp();
      const many = Array.from({ length: 1000 }, (_, index) => `${VISITOR_COOKIE}=${app.token}${index}`).join("; ");
      const { seen, events } = await send(app, many);
      expect(seen).toEqual([true, undefined]);
      expect(events).toEqual([{ type: "ambiguous", reason: "too-many" }]);
      expect(app.store.calls).toEqual([]);
    });

    it("anything at all, 3,000 times: no error, no store call", async () => {
      const app = await setUp();
      const piece = fc.oneof(
        fc.string({ unit: "binary-ascii" }),
        fc.base64String(),
        fc.constantFrom(".", "=", ";", " ", app.token),
      );
      const hostile = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join("").replace(/[^\x20-\x7e]/g, ""));
      await fc.assert(
        fc.asyncProperty(hostile, async (value) => {
          fc.pre(!value.split(";").some((part) => part.trim() === app.token));
          await send(app, `${VISITOR_COOKIE}=x${value}`);
          expect(app.store.calls).toEqual([]);
        }),
        { numRuns: 3000 },
      );
    });
  });
}

describe("two cookies of one name", () => {
  async function twoSessions(more: Partial<StoredOptions> = {}) {
    const app = makeApp({ ...more, store: failingStore() });
    const other = app.newBrowser();
    await app.does((session) => session.login("alice"));
    await app.does((session) => session.login("mallory"), other);
    const value = (browser: typeof other) => [...browser.cookies.values()][0]?.value as string;
    return { ...app, other, mine: value(app.browser), theirs: value(other), name: [...app.browser.cookies.keys()][0] as string };
  }
  const who = async (app: Awaited<ReturnType<typeof twoSessions>>, Cookie: string) => {
    let subject: string | undefined;
    app.events.length = 0;
    const response = await app.answers(
      (session) => {
        subject = session.subject;
      },
      { Cookie },
    );
    return { subject, response };
  };

  const variants = (response: Response) =>
    response.headers
      .getSetCookie()
      .map((line) => [
        line.includes("Max-Age=0") ? "cleared" : "set",
        /Domain=[^;]+/.exec(line)?.[0] ?? "this host",
        ...(line.includes("Partitioned") ? ["Partitioned"] : []),
      ])
      .map((parts) => parts.join(", "))
      .sort();

  it("the living one is used, whatever the order, next to one that is not ours", async () => {
    const app = await twoSessions();
    for (const header of [`${app.name}=junk; ${app.name}=${app.mine}`, `${app.name}=${app.mine}; ${app.name}=junk`]) {
      expect((await who(app, header)).subject).toBe("alice");
    }
  });

  it("the living one is used, whatever the order, next to one whose session has ended", async () => {
    const app = await twoSessions();
    await app.does((session) => session.destroy(), app.other);
    for (const header of [
      `${app.name}=${app.theirs}; ${app.name}=${app.mine}`,
      `${app.name}=${app.mine}; ${app.name}=${app.theirs}`,
    ]) {
      expect((await who(app, header)).subject).toBe("alice");
    }
  });

  it("two tokens of one session are one session, and the newer counts", async () => {
    const app = makeApp();
    await app.does((session) => {
      session.data.views = 1;
    });
    const [[name, older]] = [...app.browser.cookies] as unknown as [[string, { value: string }]];
    app.clock.pass(5);
    await app.does((session) => {
      session.data.views = 2;
    });
    const newer = app.browser.cookies.get(name) as { value: string };
    for (const values of [
      [older, newer],
      [newer, older],
    ]) {
      let views: unknown;
      await app.answers(
        (session) => {
          views = session.data.views;
        },
        { Cookie: values.map(({ value }) => `${name}=${value}`).join("; ") },
      );
      expect(views).toBe(2);
    }
    expect(typesOf(app.events)).not.toContain("ambiguous");
  });

  it("of two living sessions neither is used, whatever the order, and nothing is cleared: it might be the victim's", async () => {
    const app = await twoSessions();
    for (const header of [
      `${app.name}=${app.theirs}; ${app.name}=${app.mine}`,
      `${app.name}=${app.mine}; ${app.name}=${app.theirs}`,
    ]) {
      const { subject, response } = await who(app, header);
      expect(subject).toBeUndefined();
      expect(app.events).toEqual([{ type: "ambiguous", reason: "several" }]);
      expect(response.headers.getSetCookie()).toEqual([]);
    }
    expect((await who(app, `${app.name}=${app.mine}`)).subject).toBe("alice");
  });

  it("a login beside them ends both, and clears every variant of the cookie, so that it stands alone", async () => {
    const app = await twoSessions({ cookie: { domain: "example.com" } });
    const Cookie = `${app.name}=${app.theirs}; ${app.name}=${app.mine}`;
    expect((await who(app, Cookie)).response.headers.getSetCookie()).toEqual([]);
    const login = await app.answers((session) => session.login("alice"), { Cookie });
    expect(variants(login)).toEqual([
      "cleared, Domain=example.com, Partitioned",
      "cleared, this host",
      "cleared, this host, Partitioned",
      "set, Domain=example.com",
    ]);
    for (const token of [app.mine, app.theirs]) expect((await who(app, `${app.name}=${token}`)).subject).toBeUndefined();
    app.browser.cookies.clear();
    app.browser.receive(login);
    expect(await app.does((session) => session.subject)).toBe("alice");
    expect(await app.sessions.list("mallory")).toEqual([]);
    expect(await app.sessions.list("alice")).toHaveLength(1);
  });

  it("an end beside them ends both, and clears every variant of the cookie", async () => {
    const app = await twoSessions({ cookie: { domain: "example.com" } });
    const logout = await app.answers((session) => session.logout(), {
      Cookie: `${app.name}=${app.theirs}; ${app.name}=${app.mine}`,
    });
    expect(variants(logout)).toEqual([
      "cleared, Domain=example.com",
      "cleared, Domain=example.com, Partitioned",
      "cleared, this host",
      "cleared, this host, Partitioned",
    ]);
    for (const token of [app.mine, app.theirs]) expect((await who(app, `${app.name}=${token}`)).subject).toBeUndefined();
    expect([...(await app.sessions.list("alice")), ...(await app.sessions.list("mallory"))]).toEqual([]);
  });
});

describe("a session in the cookie of the other kind", () => {
  it("is not used: a visitor's token does not pass as a user's, nor the other way round", async () => {
    const app = makeApp({ store: failingStore() });
    await app.does((session) => session.login("alice"));
    const token = app.browser.cookies.get(USER_COOKIE)?.value;
    let subject: string | undefined;
    await app.answers(
      (session) => {
        subject = session.subject;
      },
      { Cookie: `${VISITOR_COOKIE}=${token}` },
    );
    expect(subject).toBeUndefined();
    expect(app.events).toContainEqual({ type: "invalid", reason: "misplaced" });
  });
});

describe("a record that is broken", () => {
  it("is no session, and is reported", async () => {
    const { store, breakData } = breakable(memory());
    const app = makeApp({ store });
    await app.does((session) => session.login("alice"));
    for (const data of ["", "{", "[]", "null", '"text"', "[".repeat(100_000)]) {
      breakData(data);
      expect(await app.does((session) => session.isNew)).toBe(true);
      expect(app.events.at(-1)).toEqual({ type: "invalid", reason: "record" });
    }
  });

  it("with keys like __proto__ stays data and reaches no prototype", async () => {
    const { does } = makeApp({ store: failingStore() });
    await does((session) => {
      Object.assign(session.data, JSON.parse('{"constructor": 1, "toString": 2}'));
      session.data.nested = JSON.parse('{"__proto__": {"isAdmin": true}}');
      Object.defineProperty(session.data, "__proto__", {
        value: { isAdmin: true },
        enumerable: true,
        configurable: true,
        writable: true,
      });
    });
    await does((session) => {
      expect(session.data.isAdmin).toBeUndefined();
      expect((session.data.nested as { isAdmin?: true }).isAdmin).toBeUndefined();
      expect(Object.getOwnPropertyDescriptor(session.data, "__proto__")?.value).toEqual({ isAdmin: true });
      expect(session.data.constructor).toBe(1);
    });
    expect(({} as { isAdmin?: true }).isAdmin).toBeUndefined();
  });
});
