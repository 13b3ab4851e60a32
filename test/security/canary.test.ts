/**
 * Canaries: marked texts in data, secrets, subjects, store errors and Koa's keys. None of them, and no token, comes out in an
 * error, an event, the console or a header. Two things may, and are asserted too: a DataError names the keys of the data that it is
 * about, and a StoreError names a driver's `code` or `name` if that is a single word.
 */
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { session as honoSession } from "../../src/adapters/hono.ts";
import { session as koaSession } from "../../src/adapters/koa/index.ts";
import { copy } from "../../src/features/copy.ts";
import { fetched } from "../../src/features/fetched.ts";
import { createSessions, type Session, type SessionOptions, type SessionStore, type StoreError } from "../../src/index.ts";
import type { DefinedStore } from "../../src/stored/define.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { makeApp } from "../support/app.ts";
import { around, withMethods } from "../support/changed-store.ts";
import { COPY_COOKIE, USER_COOKIE, VISITOR_COOKIE } from "../support/cookie-names.ts";
import { failingStore } from "../support/failing-store.ts";
import { SECRET } from "../support/secrets.ts";
import { fakeKoa } from "./fake-koa.ts";
import { inspectDeeply } from "./inspect-deeply.ts";
import { captureWritten } from "./written.ts";

const VALUE = "kanarie-value Zx7";
const SUBJECT = "kanarie-subject@Zx7";
const FAULT = "kanarie-fault: GET sess:Zx7";
const CANARY = /kanarie/i;
const OPERATIONS = ["load", "create", "update", "replace", "touch", "remove"] as const;

const written = captureWritten();

/** What a driver may throw: the canary in its message, code, name, cause, stack, properties, prototype and nested errors. */
function driverError(): Error {
  class DriverError extends AggregateError {
    readonly inherited = FAULT;
    get lazily(): string {
      return FAULT;
    }
  }
  const error = new DriverError([new Error(FAULT)], FAULT, { cause: new Error(FAULT, { cause: FAULT }) });
  const more = { code: FAULT, name: `kanarie ${VALUE}`, command: { args: [VALUE, SUBJECT] }, detail: FAULT, retryable: FAULT };
  Object.assign(error, more, { [Symbol("kanarie")]: FAULT, status: FAULT, headers: { "X-Kanarie": FAULT } });
  Object.defineProperty(error, "hidden", { value: FAULT, enumerable: false });
  return error;
}

/** A store whose operation fails with such an error. */
function storeThatFails(operation?: (typeof OPERATIONS)[number]): DefinedStore & { failing: boolean } {
  const store: DefinedStore & { failing: boolean } = Object.assign(
    around(memory(), async (name, call) => {
      if (store.failing && name === operation) throw driverError();
      return call();
    }),
    { failing: false },
  );
  return store;
}

/** Headers without our cookies, the reason phrase and the body. */
async function answerText(response: Response): Promise<string> {
  const headers = [...response.headers].filter(([name]) => name !== "set-cookie");
  return [response.status, response.statusText, JSON.stringify(headers), await response.clone().text()].join("\n");
}

/** Set-Cookie lines of ours: the token is a secret of the visitor's, and may stand there and nowhere else. */
function tokensOf(lines: readonly string[]): string[] {
  return lines.map((line) => line.slice(line.indexOf("=") + 1, line.indexOf(";"))).filter((token) => token !== "");
}

function expectSilence(leaks: readonly string[], tokens: readonly string[] = []): void {
  for (const text of [...leaks, ...written]) {
    expect(text).not.toMatch(CANARY);
    for (const token of tokens) expect(text).not.toContain(token);
    expect(text).not.toContain(SECRET);
  }
}

const MODES: [string, Partial<SessionOptions>, stored: boolean][] = [
  ["in a store", {}, true],
  ["in a store, with copies", { copy: copy({ maxAge: 60 }) }, true],
  ["in a store, visitors in a cookie", { anonymous: "cookie" }, true],
  ["in an encrypted cookie", {}, false],
];

const fill = (session: Session) => Object.assign(session.data, { "kanarie-key": { deep: [VALUE] }, note: VALUE });

/** What a request may do; the store is asked for all of it. */
const ACTS: ((session: Session) => unknown)[] = [
  fill,
  (session) => session.login(SUBJECT, { meta: { device: VALUE } }),
  (session) => Object.assign(session.data, { note: `${VALUE}2` }),
  (session) => session.flash("notice", VALUE),
  (session) => session.update((data) => Object.assign(data, { note: VALUE })),
  (session) => session.save(),
  (session) => session.loginAge,
  (session) => session.regenerateId(),
  (session) => session.ready({ fresh: true }),
  (session) => session.login(`${SUBJECT}2`),
  (session) => session.destroy(),
];

describe("A15 a whole visit tells nothing to errors, events, the console and headers", () => {
  for (const [mode, options, stored] of MODES) {
    it(`session ${mode}: events, console and headers; the cookie itself shows no data`, async () => {
      const store = failingStore();
      const app = makeApp({ ...(stored && { store }), ...options });
      const leaks: string[] = [];
      const tokens: string[] = [];
      for (const act of ACTS) {
        const response = await app.browser.ask("/", {});
        const done = await app.answers(act);
        app.browser.receive(done);
        tokens.push(...tokensOf(done.headers.getSetCookie()));
        leaks.push(await answerText(done), await answerText(response));
      }
      leaks.push(inspectDeeply(app.events), inspectDeeply(app.sessions));
      expect(app.events.length).toBeGreaterThan(5);
      expect(tokens.length).toBeGreaterThan(3);
      expectSilence(leaks, tokens);
      for (const token of tokens) {
        expect(
          token
            .split(".")
            .map((part) => Buffer.from(part, "base64url").toString("latin1"))
            .join(),
        ).not.toMatch(CANARY);
      }
    });
  }

  it("a session says nothing of itself to a logger: no data, no subject, no token", async () => {
    const app = makeApp({ store: failingStore() });
    await app.does((session) => session.login(SUBJECT));
    let logged = "";
    await app.does((session) => {
      fill(session);
      logged = `${String(session)} ${JSON.stringify(session)}`;
      console.log(session);
    });
    expect(written.join()).toContain("Session");
    // Getters of a session are its data: whoever calls them asks for it. A logger that prints does not.
    expect(logged).toBe("[object Object] {}");
  });
});

describe("A15 a session that is gone tells nothing of what it was", () => {
  for (const end of ["destroy", "regenerateId", "login"] as const) {
    it(`neither the error nor the answer, after ${end}`, async () => {
      const app = makeApp({ store: failingStore() });
      await app.does((session) => {
        session.login(SUBJECT);
        fill(session);
      });
      const tokens = [...app.browser.cookies.values()].map(({ value }) => value);
      const tab = app.browser.copy();
      const leaks: string[] = [];
      const told = await app.answers(
        async (session) => {
          void session.data;
          await app.does((other) => (end === "login" ? other.login(SUBJECT) : other[end]()), tab);
          await session.update(fill as never).catch((error: unknown) => leaks.push(inspectDeeply(error)));
          session.regenerateId({ graceSeconds: 1 });
          session.data.note = `${VALUE}3`;
          await session.save();
        },
        {},
        "POST",
      );
      expect(told.status).toBe(end === "regenerateId" ? 200 : 409);
      leaks.push(await answerText(told), inspectDeeply(app.events));
      expect(leaks[0]).toContain("ERR_SESSION_GONE");
      expectSilence(leaks, tokens);
    });
  }
});

describe("A15 a store that fails tells nothing of what it was asked, nor of what it says", () => {
  for (const operation of OPERATIONS) {
    for (const [mode, options] of MODES.slice(0, 3)) {
      it(`${operation}, session ${mode}`, async () => {
        const store = storeThatFails(operation);
        const app = makeApp({ store, touchEvery: 0, ...options });
        const leaks: string[] = [];
        const tokens: string[] = [];
        const note = async (asking: Promise<Response | null>) => {
          const answer = await asking.catch((error: unknown) => error);
          if (answer instanceof Response) return leaks.push(await answerText(answer));
          return leaks.push(inspectDeeply(answer), await answerText((answer as StoreError).getResponse()));
        };
        for (const act of ACTS) {
          const browser = app.newBrowser();
          store.failing = false;
          await app.does((session) => session.login(SUBJECT), browser);
          tokens.push(...[...browser.cookies.values()].map(({ value }) => value));
          app.clock.pass(100);
          store.failing = true;
          await note(app.answers(act, { Cookie: browser.cookieHeader() }));
          await note(app.answers(act, { Cookie: "" }));
        }
        expect(leaks.join().includes("StoreError") || inspectDeeply(app.events).includes("store-error")).toBe(true);
        expectSilence([...leaks, inspectDeeply(app.events)], tokens);
      });
    }
  }

  for (const method of ["list", "removeAll", "route"] as const) {
    it(method, async () => {
      const failing = async () => {
        throw driverError();
      };
      const store = withMethods(memory(), { [method]: failing } as Pick<SessionStore, typeof method>);
      const sessions = createSessions({ secrets: SECRET, store });
      const leaks: string[] = [];
      const note = (error: unknown) => leaks.push(inspectDeeply(error));
      if (method === "list") await sessions.list(SUBJECT).catch(note);
      if (method === "removeAll") await sessions.revokeAll(SUBJECT).catch(note);
      if (method === "route") await sessions.revoke(SUBJECT, "a".repeat(32)).catch(note);
      expect(leaks).toHaveLength(1);
      expectSilence(leaks);
    });
  }

  it("through Hono and Koa: neither the answer, nor what their error listeners get", async () => {
    const store = storeThatFails("load");
    const app = new Hono().use(honoSession({ secrets: SECRET, store }));
    app.get("/", (c) => c.text(`${(c as unknown as { var: { session: Session } }).var.session.login(SUBJECT) ?? "in"}`));
    const Cookie = (await app.request("/")).headers
      .getSetCookie()
      .map((line) => line.split(";")[0])
      .join("; ");
    store.failing = true;
    const response = await app.request("/", { headers: { Cookie } });
    expect(response.status).toBe(503);
    const ask = fakeKoa(koaSession({ secrets: SECRET, store }));
    const error = await ask(Cookie).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 503, expose: false });
    expectSilence([await answerText(response), inspectDeeply(error)], [Cookie.slice(Cookie.indexOf("=") + 1)]);
  });

  it("except its code, or else its name, when that is one word", async () => {
    for (const [shown, error] of [
      ["ECONNRESET", Object.assign(new Error(FAULT), { code: "ECONNRESET" })],
      ["MongoServerError", Object.assign(new Error(FAULT), { code: 42, name: "MongoServerError" })],
      ["TypeError", Object.assign(new TypeError(FAULT), { code: FAULT })],
      ["Error", Object.assign(new Error("kanarie"), { detail: "kanarie", cause: "kanarie" })],
    ] as const) {
      const store = withMethods(memory(), {
        create: async () => {
          throw error;
        },
      });
      const thrown = await makeApp({ store })
        .answers(fill)
        .catch((reason: unknown) => reason);
      expect((thrown as Error).message).toBe(`Cannot create the session: the store failed (${shown})`);
      expectSilence([inspectDeeply(thrown)]);
    }
  });
});

describe("A15 errors about data name keys and sizes, and no value", () => {
  const loop: Record<string, unknown> = { note: VALUE };
  loop.self = loop;
  class Kanarienvogel {
    readonly song = VALUE;
  }
  const BAD: [string, unknown, code: string][] = [
    ["a function", () => VALUE, "ERR_DATA_NOT_JSON"],
    ["a BigInt", 5n, "ERR_DATA_NOT_JSON"],
    ["a Date beside a text", [VALUE, new Date()], "ERR_DATA_NOT_JSON"],
    ["a Map", new Map([[VALUE, VALUE]]), "ERR_DATA_NOT_JSON"],
    ["a cycle", loop, "ERR_DATA_NOT_JSON"],
    ["a toJSON", { toJSON: () => VALUE }, "ERR_DATA_NOT_JSON"],
    ["a symbol", Symbol(VALUE), "ERR_DATA_NOT_JSON"],
    ["a lot", Array.from({ length: 5000 }, () => VALUE), "ERR_DATA_TOO_LARGE"],
    ["depth", JSON.parse(`${'{"a":'.repeat(150)}"${VALUE}"${"}".repeat(150)}`), "ERR_DATA_NOT_JSON"],
  ];

  for (const [what, value, code] of BAD) {
    it(`${what}: the error names keys and sizes, and no value`, async () => {
      for (const store of [{ store: failingStore() }, {}]) {
        const app = makeApp(store);
        await app.does((session) => session.login(SUBJECT));
        const token = app.browser.cookieHeader().slice(app.browser.cookieHeader().indexOf("=") + 1);
        const error = await app
          .answers((session) => Object.assign(session.data, { cart: value, note: VALUE }))
          .catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ name: "DataError", code });
        expectSilence([inspectDeeply(error), inspectDeeply(app.events)], [token]);
      }
    });
  }

  it("too much for a cookie: the error names the largest keys, 40 characters of each, and no value", async () => {
    const app = makeApp();
    const error = await app
      .answers((session) => Object.assign(session.data, { cart: VALUE.repeat(200), note: VALUE }))
      .catch((thrown: unknown) => thrown);
    expect((error as Error).message).toMatch(/the largest keys are "cart" \(3\d\d\d\), "note" \(\d+\)/);
    expectSilence([inspectDeeply(error)]);
  });

  it("the class of an object is named, as the application's code and not its data", async () => {
    const error = await makeApp()
      .answers((session) => Object.assign(session.data, { bird: new Kanarienvogel() }))
      .catch(String);
    expect(error).toContain("data.bird holds a Kanarienvogel object");
    expect(error).not.toContain(VALUE);
  });

  it("subjects and devices that are no texts: the error shows nothing of them", async () => {
    const leaks: string[] = [];
    for (const act of [
      (session: Session) => session.login({ [SUBJECT]: SUBJECT } as never),
      (session: Session) => session.login(SUBJECT, { meta: { [VALUE]: { VALUE } as never } }),
      (session: Session) =>
        session.login(SUBJECT, { meta: Object.fromEntries([...VALUE.repeat(2)].map((_, n) => [VALUE + n, VALUE])) }),
    ]) {
      leaks.push(
        inspectDeeply(
          await makeApp()
            .answers(act)
            .catch((thrown: unknown) => thrown),
        ),
      );
    }
    expect(leaks.every((leak) => leak.includes("OptionError"))).toBe(true);
    expectSilence(leaks);
  });
});

describe("A15 cookies that are not ours, conflicts and late use tell nothing", () => {
  it("tampered cookies: events, console and headers show nothing of what was sent, nor of what was in it", async () => {
    for (const [, options, stored] of MODES) {
      const app = makeApp({ ...(stored && { store: failingStore() }), ...options });
      await app.does((session) => {
        fill(session);
        session.login(SUBJECT);
      });
      const leaks: string[] = [];
      const tokens: string[] = [];
      for (const [name, { value }] of app.browser.cookies) {
        tokens.push(value);
        for (const sent of [
          `${value}kanarie`,
          `kanarie.${value}`,
          value.slice(0, -3),
          "kanarie",
          `${value.slice(0, -9)}kanarie.k`,
        ]) {
          const Cookie = [name, VISITOR_COOKIE, USER_COOKIE, COPY_COOKIE].map((one) => `${one}=${sent}`).join("; ");
          leaks.push(await answerText(await app.answers((session) => session.data.note, { Cookie })));
        }
      }
      expectSilence([...leaks, inspectDeeply(app.events)], tokens);
    }
  });

  it("a ConflictError says how often it was tried, and nothing else", async () => {
    const store = withMethods(memory(), { update: async () => ({ ok: false, why: "conflict" }) });
    const app = makeApp({ store });
    await app.does((session) => session.login(SUBJECT));
    const error = await app
      .answers((session) => session.update((data) => Object.assign(data, { note: VALUE })))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "ConflictError" });
    expectSilence([inspectDeeply(error), inspectDeeply(app.events)]);
  });

  it("use after the answer: a StateError shows nothing", async () => {
    const app = makeApp();
    let late: Session | undefined;
    await app.does((session) => {
      fill(session);
      late = session;
    });
    const leaks: string[] = [];
    for (const act of ACTS) {
      try {
        await act(late as Session);
      } catch (error) {
        // The data itself is the application's own object, and frozen: the runtime's error names the key that was set.
        if (!(error instanceof TypeError)) leaks.push(inspectDeeply(error));
      }
    }
    expect(leaks.length).toBeGreaterThan(3);
    expectSilence(leaks);
  });
});

describe("A15 secrets and keys are in no error and no warning, and cannot be read or exported", () => {
  it("are in no error of wrong options, whatever is wrong", () => {
    const leaks: string[] = [];
    const wrong: unknown[] = [
      ...["kanarie", "kanarie".repeat(10), "your-secret-key-kanarie-kanarie-kanarie-kanarie"].map((secrets) => ({ secrets })),
      { secrets: [SECRET, "kanarie"] },
      { secrets: [SECRET, SECRET] },
      { secrets: { kanarie: "kanarie" } },
      { secrets: [["kanarie"]] },
      ...[{ idleTimeout: -1 }, { nmae: 1 }, { cookie: { domain: ";" } }, { context: "\0" }, { copy: { maxAge: 5 } }].map(
        (more) => ({ secrets: SECRET, ...more }),
      ),
    ];
    for (const options of wrong) {
      for (const create of [createSessions, honoSession, koaSession] as ((options: never) => unknown)[]) {
        try {
          create(options as never);
        } catch (error) {
          leaks.push(inspectDeeply(error));
        }
      }
    }
    expect(leaks).toHaveLength(wrong.length * 3);
    expectSilence(leaks);
  });

  it("are in no error of those that are fetched, or are no text, when they are used", async () => {
    const text = new TextEncoder();
    const provided: unknown[] = [
      ...[
        () => Promise.reject(driverError()),
        { get: async () => Promise.reject(driverError()) },
        { get: () => "kanarie" },
        async () => [SECRET, "kanarie".repeat(10)],
        async () => ({ kanarie: "kanarie" }),
        [{ get: async () => text.encode("kanarie") }],
      ].map((provider) => fetched(provider as never)),
      () => Promise.reject(driverError()),
      { get: async () => "kanarie" },
      text.encode("kanarie".repeat(10)),
      await crypto.subtle.importKey("raw", text.encode("kanarie".repeat(10)), { name: "HMAC", hash: "SHA-256" }, true, ["sign"]),
    ];
    const leaks: string[] = [];
    for (const secrets of provided) {
      const used = async () => makeApp({ secrets: secrets as never }).does(fill);
      leaks.push(await used().then(String, inspectDeeply));
    }
    expect(leaks.filter((leak) => leak.includes("ERR_SECRET"))).toHaveLength(provided.length);
    expectSilence(leaks);
  });

  it("and Koa's keys are in no error and no warning: weak ones, and none that can be used", async () => {
    const leaks: string[] = [];
    const events: unknown[] = [];
    for (const keys of [["kanarie"], [5, "kanarie"], [{ kanarie: "kanarie" }], []]) {
      for (const more of [{}, { onEvent: (event: unknown) => events.push(event) }]) {
        const ask = fakeKoa(koaSession(more), keys as never);
        await ask(null, (session) => fill(session)).then(
          (answer) => leaks.push(inspectDeeply(answer.cacheControl)),
          (error) => leaks.push(inspectDeeply(error)),
        );
      }
    }
    expect(events).toContainEqual({ type: "insecure", reason: "weak-key" });
    expect(written.join()).toContain("app.keys");
    expectSilence([...leaks, inspectDeeply(events)]);
  });

  it("cannot be read from the manager, and keys cannot be exported", async () => {
    const exported: CryptoKey[] = [];
    const { importKey } = crypto.subtle;
    crypto.subtle.importKey = (async (...args: Parameters<typeof importKey>) => {
      const key = await importKey.apply(crypto.subtle, args);
      exported.push(key);
      return key;
    }) as never;
    try {
      const app = makeApp({ store: failingStore(), copy: copy({ maxAge: 60 }), anonymous: "cookie" });
      await app.does(fill);
      await app.does((session) => session.login("alice"));
      expectSilence([inspectDeeply(app.sessions)]);
    } finally {
      crypto.subtle.importKey = importKey;
    }
    expect(exported.length).toBeGreaterThan(3);
    expect(exported.map(({ extractable }) => extractable)).not.toContain(true);
  });
});
