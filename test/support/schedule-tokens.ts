/** Tokens of other software in one schedule: what they say, and which sessions of ours they became. */

import { SignJWT } from "jose";
import type { AcceptedCodec } from "../../src/accept/define.ts";
import { joseTokens } from "../../src/accept/jose.ts";
import type { History, Live, Values } from "./schedule-history.ts";
import { TOKENS } from "./schedule-program.ts";
import { behindMark, type Situation, situationsOf } from "./schedule-table.ts";
import type { Visit } from "./schedule-visit.ts";
import { OTHER_SECRET } from "./secrets.ts";

const KEY = new TextEncoder().encode(OTHER_SECRET);
const MONTH = 30 * 86_400;
const AGO = 1000;

/** The cookie that the other software keeps its tokens in. */
export const TOKEN_COOKIE = "old";

/** Whether an id is that of the record of a token, and not of a session. */
export function isOfToken(id: string): boolean {
  return id.startsWith("redeemed-");
}

export class Tokens {
  readonly problems: string[] = [];
  /** The tokens as they stand in the cookie. */
  readonly texts: string[] = [];
  madeAt = 0;
  readonly #history: History;
  /** The id of each token's record. */
  readonly #ids = new Map<number, string>();
  /** From which moment on a token opens nothing: a request that came with it was answered, and ended what it stood for. */
  readonly #done = new Map<number, number>();

  constructor(history: History) {
    this.#history = history;
  }

  /** Reads the tokens, as an application that replaces the other software. */
  static codec(): AcceptedCodec {
    const claims = ({
      sid,
      iat,
      exp,
      sub,
      data,
    }: {
      sid?: unknown;
      iat?: number;
      exp?: number;
      sub?: string;
      data?: unknown;
    }) => {
      return { sid, start: iat, exp, sub, data };
    };
    return joseTokens({ cookie: TOKEN_COOKIE, algorithms: ["HS256"], key: KEY, claims });
  }

  /** Has the other software make its tokens, some time ago. `name` makes them others than those of any other schedule. */
  async make(name: string, now: number): Promise<void> {
    this.madeAt = now - AGO;
    for (const [token, { sid, user }] of TOKENS.entries()) {
      const payload = {
        sid: `${sid}-${name}`,
        data: Object.fromEntries(this.#said(token)),
        ...(user !== undefined && { sub: user }),
      };
      const made = new SignJWT(payload)
        .setProtectedHeader({ alg: "HS256" })
        .setIssuedAt(this.madeAt)
        .setExpirationTime(now + MONTH);
      this.texts.push(await made.sign(KEY));
    }
  }

  #said(token: number): [string, string][] {
    return [
      ["from", `token ${token}`],
      ["one", `of token ${token}`],
    ];
  }

  subjectOf(token: number): string | undefined {
    return TOKENS[token]?.user;
  }

  dataOf(token: number): Values {
    return new Map(this.#said(token).map(([key, value]) => [key, JSON.stringify(value)]));
  }

  /** A request that came with a token makes a record of it: one for each token, and each token one. */
  recorded(visit: Visit, id: string): void {
    const { token } = visit.jar;
    if (token === undefined) this.problems.push(`request ${visit.number} redeems a token, and brought none`);
    else if ((this.#ids.get(token) ?? id) !== id)
      this.problems.push(`token ${token} is redeemed a second time, under another name`);
    else if ([...this.#ids].some(([other, taken]) => other !== token && taken === id))
      this.problems.push(`token ${token} is taken for another one`);
    else this.#ids.set(token, id);
  }

  isDone(token: number, moment: number): boolean {
    return moment >= (this.#done.get(token) ?? Number.POSITIVE_INFINITY);
  }

  /** A request that came with it was told that it is logged in under a new id, or logged out. */
  end(token: number): void {
    if (!this.#done.has(token)) this.#done.set(token, this.#history.moment);
  }

  /** The session that a token became. */
  sessionOf(token: number, moment?: number): string | undefined {
    return this.#saidOf(token, moment)?.sid;
  }

  /** What stands behind a token: nothing yet, while nobody redeemed it. */
  situations(token: number, moment: number): Situation[] {
    const said = this.#saidOf(token, moment);
    if (said === undefined) return [{ is: this.isDone(token, moment) ? "ended" : "nothing" }];
    const { sid, by, graceUntil = 0 } = said;
    if (sid === undefined) return [{ is: "ended" }];
    // The session is made a moment after its record.
    if (!this.#history.isKnown(sid)) return [{ is: "nothing" }];
    if (by === undefined) return situationsOf(this.#history, sid, moment);
    if (graceUntil <= this.#history.timeAt(moment)) return behindMark(this.#history, { to: sid, by }, moment);
    // For a request that is on its way, the token stands for the session's new id.
    const there = situationsOf(this.#history, sid, moment);
    return there.map((one) => (one.is === "alive" ? { is: "grace", id: one.id } : one));
  }

  #saidOf(token: number, moment?: number): { sid?: string; by?: string; graceUntil?: number } | undefined {
    const id = this.#ids.get(token);
    const live: Live | undefined = id === undefined ? undefined : this.#history.liveAt(id, moment);
    if (live === undefined) return undefined;
    return Object.fromEntries([...live.data].map(([key, json]) => [key, JSON.parse(json)]));
  }
}
