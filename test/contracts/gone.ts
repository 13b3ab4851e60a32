/**
 * What a request is told whose session is not there any more when it commits: every cell of the table in docs/sessions.md, on any
 * store that is atomic and immediate.
 */

import { createSessions, GoneError, type Session, type SessionEvent, type StoredSessions } from "../../src/index.ts";
import type { DefinedStore } from "../../src/stored/define.ts";
import { Browser } from "../support/browser.ts";
import { Clock, HOUR } from "../support/clock.ts";
import { SECRET } from "../support/secrets.ts";

/** A case; its name says what happens meanwhile, what the request does, and what comes of it. */
export interface GoneCase {
  readonly name: string;
  run(): Promise<void>;
}

/** What the test framework checks with. */
type Expect = (found: unknown) => { toEqual(wanted: unknown): void };

type Meanwhile = "logout" | "revoke" | "expiry" | "grace" | "new id" | "login as the same" | "login as another";
type Method = "GET" | "HEAD" | "OPTIONS" | "POST" | "PUT" | "PATCH" | "DELETE" | "FOO" | undefined;
type Act =
  | "change"
  | "flash"
  | "save"
  | "update"
  | "regenerateId"
  | "regenerateId with grace"
  | "login as the same"
  | "login as another";

/** What a request comes to. */
type End =
  /** Its change is where the session is now. */
  | "follows"
  /** It was dropped, and the event says so. */
  | "lost"
  | "GoneError"
  /** It shares the id that another request gave. */
  | "joins"
  /** It gives the session another id once more. */
  | "moves again"
  /** A session of its own, with what this request changed and nothing else. */
  | "begins";

const ENDS: readonly Meanwhile[] = ["logout", "revoke", "expiry"];
const SAFE: readonly Method[] = ["GET", "HEAD", "OPTIONS"];
const UNSAFE: readonly Method[] = ["POST", "PUT", "PATCH", "DELETE", "FOO", undefined];

const TABLE: readonly (readonly [readonly Meanwhile[], Partial<Record<Act, End>>, { safe: End; unsafe: End }])[] = [
  [
    ENDS,
    {
      save: "GoneError",
      update: "GoneError",
      regenerateId: "GoneError",
      "regenerateId with grace": "GoneError",
      "login as the same": "begins",
      "login as another": "begins",
    },
    { safe: "lost", unsafe: "lost" },
  ],
  [
    ["grace"],
    {
      save: "follows",
      update: "follows",
      regenerateId: "moves again",
      "regenerateId with grace": "joins",
      "login as the same": "moves again",
      "login as another": "moves again",
    },
    { safe: "follows", unsafe: "follows" },
  ],
  [
    ["new id"],
    {
      save: "GoneError",
      update: "GoneError",
      regenerateId: "joins",
      "regenerateId with grace": "joins",
      "login as the same": "begins",
      "login as another": "begins",
    },
    { safe: "lost", unsafe: "GoneError" },
  ],
  [
    ["login as the same"],
    {
      save: "GoneError",
      update: "GoneError",
      regenerateId: "GoneError",
      "regenerateId with grace": "GoneError",
      "login as the same": "joins",
      "login as another": "begins",
    },
    { safe: "lost", unsafe: "GoneError" },
  ],
  [["login as another"], { "login as the same": "begins", "login as another": "joins" }, { safe: "lost", unsafe: "GoneError" }],
];

/** The cases, for a store that is made for each. */
export function goneCases(makeStore: () => DefinedStore | Promise<DefinedStore>, expect: Expect): GoneCase[] {
  return TABLE.flatMap(([rows, acts, plain]) =>
    rows.flatMap((meanwhile) => [
      ...SAFE.map((method) => one(meanwhile, "change", method, plain.safe)),
      ...UNSAFE.map((method) => one(meanwhile, "change", method, plain.unsafe)),
      one(meanwhile, "flash", "POST", plain.unsafe),
      ...Object.entries(acts).flatMap(([act, end]) =>
        (["GET", "POST"] as const).map((method) => one(meanwhile, act as Act, method, end)),
      ),
    ]),
  );

  function one(meanwhile: Meanwhile, act: Act, method: Method, end: End): GoneCase {
    const name = `${meanwhile} meanwhile, ${act}${method === undefined ? ", no method" : ` by ${method}`}: ${end}`;
    return { name, run: async () => play(new Scene(await makeStore()), expect, { meanwhile, act, method, end }) };
  }
}

/** An application, a user who is logged in, and two requests of the same browser. */
class Scene {
  readonly clock: Clock = new Clock(Math.floor(Date.now() / 1000));
  readonly events: SessionEvent[] = [];
  readonly user: string = `user-${crypto.randomUUID()}`;
  readonly other: string = `user-${crypto.randomUUID()}`;
  readonly sessions: StoredSessions;
  readonly browser: Browser;
  #act: (session: Session) => unknown = () => {};

  constructor(store: DefinedStore) {
    const onEvent = (event: SessionEvent) => this.events.push(event);
    this.sessions = createSessions({ secrets: SECRET, store, now: this.clock.now, onEvent, idleTimeout: HOUR });
    const serve = this.sessions.handler(async (_request, session) => {
      await this.#act(session);
      return new Response("done");
    });
    this.browser = new Browser(serve, this.clock);
  }

  async does(act: (session: Session) => unknown): Promise<void> {
    this.#act = act;
    await this.browser.visit("/", { method: "POST" });
  }

  /** A request that has loaded its session and is not answered yet. */
  async begins(method: Method): Promise<Session> {
    const headers = new Headers({ Cookie: this.browser.cookieHeader() });
    return this.sessions.load(method === undefined ? { headers } : { method, headers });
  }

  /** What a browser with these cookies has. */
  async sees(cookies: string): Promise<unknown> {
    const found = await this.sessions.read({ headers: new Headers({ Cookie: cookies }) });
    return found && [found.subject === this.user ? "user" : "other", Object.fromEntries(Object.entries(found.data).sort())];
  }

  async lets(meanwhile: Meanwhile): Promise<void> {
    if (meanwhile === "logout") await this.does((session) => session.logout());
    else if (meanwhile === "revoke") await this.sessions.revokeAll(this.user);
    else if (meanwhile === "expiry") this.clock.pass(HOUR + 1);
    else if (meanwhile === "grace") await this.does((session) => session.regenerateId({ graceSeconds: 10 }));
    else if (meanwhile === "new id") await this.does((session) => session.regenerateId());
    else await this.does((session) => session.login(meanwhile === "login as the same" ? this.user : this.other));
  }

  acts(act: Act, session: Session): Promise<unknown> {
    // A login as somebody else drops what was written before it.
    if (act === "login as the same") session.login(this.user);
    if (act === "login as another") session.login(this.other);
    session.data.mine = "written";
    if (act === "flash") session.flash("note", "hello");
    if (act === "save") return session.save();
    if (act === "regenerateId") session.regenerateId();
    if (act === "regenerateId with grace") session.regenerateId({ graceSeconds: 10 });
    if (act !== "update") return Promise.resolve();
    delete session.data.mine;
    return session.update((data) => {
      data.mine = "written";
      return "result";
    });
  }
}

interface Story {
  readonly meanwhile: Meanwhile;
  readonly act: Act;
  readonly method: Method;
  readonly end: End;
}

async function play(scene: Scene, expect: Expect, { meanwhile, act, method, end }: Story): Promise<void> {
  await scene.does((session) => {
    session.login(scene.user);
    session.data.cart = ["apple"];
  });
  const session = await scene.begins(method);
  void session.data.cart;
  await scene.lets(meanwhile);
  const [before, there] = [scene.browser.cookieHeader(), await scene.sees(scene.browser.cookieHeader())];
  scene.events.length = 0;
  const told = await answer(scene, session, act);
  const lost = scene.events.filter(({ type }) => type === "lost").length;

  expect([told.error, lost]).toEqual([end === "GoneError" ? "ERR_SESSION_GONE" : undefined, end === "lost" ? 1 : 0]);
  if (act === "update" && end === "follows") expect(told.result).toEqual("result");
  for (const line of told.lines) scene.browser.receive(new Response(null, { headers: { "Set-Cookie": line } }));
  const now = await scene.sees(scene.browser.cookieHeader());

  const brings = end === "joins" || end === "moves again" || end === "begins";
  expect(told.lines.length > 0).toEqual(brings);
  if (end === "lost" || end === "GoneError") return expect(now).toEqual(there);
  const subject = act === "login as the same" ? "user" : act === "login as another" ? "other" : "user";
  const kept = end === "begins" || (act === "login as another" && meanwhile === "grace") ? {} : { cart: ["apple"] };
  // Whoever logs in as somebody else leaves the earlier data behind, in the session that is joined, too.
  const left = act === "login as another" && meanwhile === "login as another" ? {} : kept;
  expect(now).toEqual([subject, { ...left, mine: "written" }]);
  const isOld = end === "moves again" || end === "begins";
  if (end === "moves again") expect(await scene.sees(before)).toEqual(null);
  if (end === "joins") expect(await scene.sees(before)).toEqual(now);
  if (isOld && meanwhile === "new id") expect(await scene.sees(before)).toEqual(there);
}

interface Told {
  readonly error: string | undefined;
  readonly result: unknown;
  readonly lines: readonly string[];
}

async function answer(scene: Scene, session: Session, act: Act): Promise<Told> {
  try {
    const result = await scene.acts(act, session);
    const response = await scene.sessions.apply(session, new Response("done"));
    return { error: undefined, result, lines: response.headers.getSetCookie() };
  } catch (error) {
    if (error instanceof GoneError) return { error: error.code, result: undefined, lines: [] };
    throw error;
  }
}
