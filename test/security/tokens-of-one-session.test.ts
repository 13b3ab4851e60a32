/** Of any two tokens of any kinds and issuers, one opens the other's session only if both are tokens of the same session of ours. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSessions, type Session, type Sessions } from "../../src/index.ts";
import type { DefinedStore } from "../../src/stored/define.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { Browser } from "../support/browser.ts";
import { Clock } from "../support/clock.ts";
import { SECRET } from "../support/secrets.ts";
import { type Issuer, makeIssuers, type Said } from "../support/token-issuers.ts";

const RUNS = Number(process.env.FUZZ_RUNS ?? 300);

/** What is drawn of a token. A number as `sid` is the public id of that browser's session. */
interface Draft extends Omit<Said, "sid"> {
  readonly issuer: number;
  readonly sid: string | number | undefined;
}

interface Step {
  readonly browser: number;
  readonly does: "bring" | "mark" | "login" | "logout" | "renew";
}

const maybe = <Value>(...values: Value[]) => fc.option(fc.constantFrom(...values), { nil: undefined, freq: 2 });
const draft: fc.Arbitrary<Draft> = fc.record({
  issuer: fc.nat(11),
  sid: maybe<string | number>("a-planted-session", "another-session", "short", 0, 1),
  jti: maybe("a-token-of-nobody"),
  iss: maybe("https://one.example", "https://two.example"),
  sub: maybe("alice", "bob", "user0"),
  note: fc.constantFrom("x", "y"),
});
const step: fc.Arbitrary<Step> = fc.record({
  browser: fc.nat(5),
  does: fc.constantFrom("bring", "bring", "mark", "mark", "login", "logout", "renew"),
});
/** Tokens that differ in one thing are those that somebody might take for one: issuers of one kind stand next to each other. */
const changed = fc.constantFrom("issuer", "issuer", "issuer", "sid", "jti", "iss", "sub", "note", "nothing");
const drafts = fc.tuple(draft, fc.array(fc.tuple(changed, draft), { minLength: 1, maxLength: 4 })).map(([first, others]) => {
  const change = (key: string, other: Draft): Draft => {
    if (key === "issuer") return { ...first, issuer: first.issuer + 1 };
    return key in other ? { ...first, [key]: other[key as keyof Draft] } : first;
  };
  return [first, ...others.map(([key, other]) => change(key, other))];
});

/** One browser with one token. */
class Owner {
  /** Whose marks it may see: tokens of one session have the same. */
  session = "";
  subject: string | undefined;
  note = "";
  id = "";
  cookies = "";
  browser: Browser | undefined;
}

class Story {
  readonly #owners: Owner[];
  readonly #drafts: readonly Draft[];
  readonly #issuers: readonly Issuer[];
  readonly #serve: (request: Request, then: (session: Session) => void) => Promise<Response>;
  readonly #stored: boolean;
  shared = 0;

  constructor(drafts: readonly Draft[], issuers: readonly Issuer[], sessions: Sessions, stored: boolean) {
    this.#owners = drafts.map(() => new Owner());
    this.#drafts = drafts;
    this.#issuers = issuers;
    this.#serve = sessions.handler((_request, session, then: (session: Session) => void) => {
      then(session);
      return new Response();
    });
    this.#stored = stored;
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (const index of this.#owners.keys()) await this.#take({ browser: index, does: "bring" });
    for (const one of steps) await this.#take({ ...one, browser: one.browser % this.#owners.length });
  }

  async #take({ browser: index, does }: Step): Promise<void> {
    const owner = this.#owners[index] as Owner;
    if (owner.cookies === "") await this.#makeToken(owner, index);
    if (does === "bring" || owner.browser === undefined) owner.browser = new Browser(() => Response.error()).hold(owner.cookies);
    const request = new Request("https://app.example.com/", { headers: { Cookie: owner.browser.cookieHeader() } });
    const response = await this.#serve(request, (session) => {
      this.#look(owner, index, session);
      if (does === "logout") session.logout();
      else if (does === "renew") session.regenerateId();
      else if (does === "login") session.login(`user${index}`);
      if (does !== "logout") session.data[`mark${index}`] = owner.session;
      owner.id = session.id;
    });
    owner.browser.receive(response);
  }

  async #makeToken(owner: Owner, index: number): Promise<void> {
    const { issuer: number, ...drawn } = this.#drafts[index] as Draft;
    const issuer = this.#issuers[number % this.#issuers.length] as Issuer;
    const sid = typeof drawn.sid === "number" ? this.#owners[drawn.sid]?.id || undefined : drawn.sid;
    const said = { ...drawn, sid };
    const proved = issuer.proves(said);
    owner.session = proved === undefined ? `only of browser ${index}` : `${issuer.name} ${JSON.stringify(proved)}`;
    owner.subject = issuer.subjectOf(said);
    owner.note = said.note;
    owner.cookies = await issuer.make(said);
  }

  /** Nobody sees what another session's browser wrote, what another token says, or who is logged in elsewhere. */
  #look(owner: Owner, index: number, { data, subject }: Session): void {
    for (const [key, value] of Object.entries(data)) {
      if (!key.startsWith("mark")) continue;
      const isOwn = key === `mark${index}`;
      expect(isOwn || (this.#stored && value === owner.session), `${owner.session} sees ${key} of ${value}`).toBe(true);
      if (!isOwn) this.shared++;
    }
    expect([undefined, owner.note]).toContain(data.note);
    expect([undefined, owner.subject, `user${index}`]).toContain(subject);
  }
}

/** Plays stories, and answers how often somebody saw what a token of the same session had left. */
async function playMany(makeStore: () => DefinedStore | undefined, runs: number): Promise<number> {
  const now = Math.floor(Date.now() / 1000);
  let shared = 0;
  const property = fc.asyncProperty(drafts, fc.array(step, { minLength: 4, maxLength: 14 }), async (tokens, steps) => {
    const store = makeStore();
    const issuers = await makeIssuers(store, now);
    const accept = issuers.map(({ codec }) => codec);
    const sessions = createSessions({ secrets: SECRET, ...(store && { store }), accept, now: new Clock(now).now });
    const story = new Story(tokens, issuers, sessions, store !== undefined);
    await story.play(steps);
    shared += story.shared;
  });
  await fc.assert(property, { numRuns: runs });
  return shared;
}

describe("a token opens no session but that of its own", () => {
  it("with a store, where the tokens of one session meet", async () => {
    expect(await playMany(memory, RUNS)).toBeGreaterThan(0);
  });

  it("without one, where nothing of one browser is ever seen by another", async () => {
    expect(await playMany(() => undefined, RUNS / 2)).toBe(0);
  });
});
