/** defineCodec(): what it makes of a codec of the application's own, and what it refuses. */
import { describe, expect, it } from "vitest";
import { defineCodec } from "../../../src/accept/define.ts";
import { joseTokens } from "../../../src/accept/jose.ts";
import { koaTokens } from "../../../src/accept/koa-session-store.ts";
import { ownTokens } from "../../../src/accept/own.ts";
import type { Opened, TokenCodec, TokenFault } from "../../../src/index.ts";
import { memory } from "../../../src/stores/memory/index.ts";
import { makeApp } from "../../support/app.ts";
import { USER_COOKIE } from "../../support/cookie-names.ts";
import { SECRET } from "../../support/secrets.ts";

/** A codec as applications write them: a class, whose methods need it. */
class OwnCodec implements TokenCodec {
  readonly name = "of-the-shop";
  opened = 0;
  readonly #users = new Map([["ticket-1", "alice"]]);

  find(header: string | null) {
    const found = /ticket=([\w-]+)/.exec(header ?? "")?.[1];
    return { values: found === undefined ? [] : [found], oversize: false, tooMany: false };
  }

  clear() {
    return [`ticket=${this.#users.size - 1}; Max-Age=0`];
  }

  open(token: string): Opened | TokenFault {
    this.opened++;
    const sub = this.#users.get(token);
    if (sub === undefined) return "malformed";
    const start = 1_800_000_000;
    return { claims: { sid: `session-of-${token}`, start, iat: start, exp: start + 3600, sub, data: "{}" } };
  }

  seal(): string {
    throw new Error("never asked");
  }
}

describe("defineCodec()", () => {
  it.each([
    ["in a store", () => ({ store: memory() })],
    ["in cookies", () => ({})],
  ])("calls the methods of a class on its object, so that they find it there: sessions %s", async (_where, kept) => {
    const own = new OwnCodec();
    const app = makeApp({ ...kept(), accept: [defineCodec(own)] });
    const seen: unknown[] = [];
    const answer = await app.answers((session) => seen.push(session.subject), { Cookie: "ticket=ticket-1" });
    expect([seen, own.opened]).toEqual([["alice"], 1]);
    const lines = answer.headers.getSetCookie();
    expect(lines.map((line) => line.split("=")[0]).sort()).toEqual([USER_COOKIE, "ticket"]);
    expect(lines).toContain("ticket=0; Max-Age=0");
    await app.answers((session) => seen.push(session.subject), { Cookie: "ticket=ticket-2" });
    expect(seen).toEqual(["alice", undefined]);
  });

  it("leaves the application's object as it was, frozen or not", () => {
    const own = Object.freeze(new OwnCodec());
    const defined = defineCodec(own);
    expect(defined).not.toBe(own);
    expect(Reflect.ownKeys(own)).toEqual(["name", "opened"]);
    expect(defined.name).toBe("of-the-shop");
  });

  it("gives what the contract knows, and nothing else", () => {
    const bare: TokenCodec = { open: () => "malformed", seal: () => "" };
    expect(Object.keys(defineCodec(bare)).sort()).toEqual(["open", "seal", "~feature"]);
    const more = defineCodec({ ...bare, name: "shop", namesSessions: true, other: 1 });
    expect(Object.keys(more).sort()).toEqual(["name", "namesSessions", "open", "seal", "~feature"]);
    expect(more.namesSessions).toBe(true);
  });

  it("may be asked to define what it or this library defined", () => {
    const codecs = [
      ownTokens({ secrets: SECRET, name: "old" }),
      koaTokens({ keys: [SECRET] }),
      joseTokens({ cookie: "old", algorithms: ["HS256"], key: new TextEncoder().encode(SECRET) }),
      defineCodec(new OwnCodec()),
    ];
    expect(() => makeApp({ accept: codecs })).not.toThrow();
    expect(() => makeApp({ accept: codecs.map((codec) => defineCodec(codec)) })).not.toThrow();
  });

  it.each([undefined, null, 5, "codec", {}, { seal: () => "" }, { open: "no method" }])(
    "refuses what cannot open tokens: %j",
    (codec) => {
      expect(() => defineCodec(codec as never)).toThrow(
        expect.objectContaining({ code: "ERR_OPTION", message: "Cannot accept tokens of this codec: it lacks open()" }),
      );
    },
  );
});
