/** What a runtime has and lacks: the library needs none of it, but for Koa's adapter, which needs Node's cryptography. */
import type { SessionMethods } from "../../src/adapters/koa/index.ts";
import { createSessions } from "../../src/index.ts";
import { expect, failureOf } from "../../src/testing/adapter/expect.ts";
import { SECRET } from "../support/secrets.ts";
import { type Story, story } from "./story.ts";

/** What is expected of a runtime. */
export interface Platform {
  /** Those of NODE_GLOBALS that it has. */
  readonly globals: readonly string[];
  /** How much of node:crypto it has. Deno, Bun and workerd lack the cipher that wraps the keys of encrypted tokens. */
  readonly nodeCrypto: "whole" | "no key wrap" | "none";
  /** Loads the built web-session-store/koa. */
  koa(): Promise<typeof import("../../src/adapters/koa/index.ts")>;
  /** Loads the built web-session-store/node. */
  node(): Promise<typeof import("../../src/node.ts")>;
}

const NODE_GLOBALS = ["Buffer", "process", "setImmediate", "global"];

/** The stories for one runtime. */
export function platformStories({ globals, nodeCrypto, koa, node }: Platform): Story[] {
  return [
    story(`has of Node's globals ${globals.join(", ") || "none"}`, () => {
      expect(NODE_GLOBALS.filter((name) => name in globalThis)).toEqual([...globals]);
    }),

    story("has the Web's APIs that the library is made of", () => {
      for (const name of ["Request", "Response", "Headers", "TextEncoder", "TextDecoder", "atob", "btoa"]) {
        expect(typeof (globalThis as Record<string, unknown>)[name], name).toBe("function");
      }
      expect(typeof crypto.subtle.unwrapKey).toBe("function");
      expect(typeof Headers.prototype.getSetCookie).toBe("function");
    }),

    ...(nodeCrypto === "none" ? [cannotLoad(koa, node)] : [...koaStories(nodeCrypto, koa), ...optionStories(nodeCrypto, node)]),
  ];
}

function cannotLoad(koa: Platform["koa"], node: Platform["node"]): Story {
  return story("cannot load Koa's adapter and nodeCrypto, which need node:crypto", async () => {
    for (const load of [koa, node]) expect(String(await failureOf(load))).toMatch(/node:crypto/);
  });
}

/** What the option `crypto` brings here: the same tokens, without a promise as far as node:crypto goes. */
function optionStories(nodeCrypto: Platform["nodeCrypto"], node: Platform["node"]): Story[] {
  return [true, false].map((readable) => {
    const kind = readable ? "signed" : "encrypted";
    const atOnce = readable || nodeCrypto === "whole";
    return story(
      `opens ${kind} tokens ${atOnce ? "at once" : "with a promise"} by nodeCrypto, those of Web Crypto too`,
      async () => {
        const options = { secrets: SECRET, readable, rememberTokens: 0 };
        const [web, own] = [createSessions(options), createSessions({ ...options, crypto: (await node()).nodeCrypto })];
        for (const [makes, opens] of [
          [web, own],
          [own, web],
          [own, own],
        ] as const) {
          const session = await makes.load(new Request("https://app.example.com/"));
          session.data.from = kind;
          const Cookie = pairOf((await makes.apply(session, new Response())).headers.getSetCookie());
          const loading = opens.load(new Request("https://app.example.com/", { headers: { Cookie } }));
          expect(loading instanceof Promise && opens === own).toBe(opens === own && !atOnce);
          expect((await loading).data).toEqual({ from: kind });
        }
      },
    );
  });
}

function koaStories(nodeCrypto: Platform["nodeCrypto"], koa: Platform["koa"]): Story[] {
  return [
    story("reads with Web Crypto what Koa's adapter signed with Node's, and the other way round", () => takeTurns(koa, true)),

    story("opens in a fetch handler what Koa's adapter sealed, and the other way round", () => takeTurns(koa, false)),

    story(`has ${nodeCrypto === "whole" ? "the" : "no"} AES Key Wrap in node:crypto`, () => {
      expect(builtinCrypto().getCiphers().includes("id-aes256-wrap")).toBe(nodeCrypto === "whole");
    }),
  ];
}

function builtinCrypto(): { getCiphers(): string[] } {
  const { process } = globalThis as unknown as { process: { getBuiltinModule(name: string): { getCiphers(): string[] } } };
  return process.getBuiltinModule("node:crypto");
}

/** Koa's adapter and a fetch handler count on in the same cookie. */
async function takeTurns(koa: Platform["koa"], readable: boolean): Promise<void> {
  const { session } = await koa();
  const middleware = session<{ views: number }>({ secrets: SECRET, readable });
  const sessions = createSessions<{ views: number }>({ secrets: SECRET, readable });
  const fetch = sessions.handler((_request, visitor) => {
    visitor.data.views = (visitor.data.views ?? 0) + 1;
    return new Response(String(visitor.data.views));
  });
  let cookie = "";
  for (const views of [1, 3, 5]) {
    const ctx = koaContext(cookie);
    await middleware(ctx, async () => {
      ctx.session.views = (ctx.session.views ?? 0) + 1;
      expect(ctx.session.views).toBe(views);
    });
    const headers = { Cookie: pairOf(ctx.setCookie()) };
    const response = await fetch(new Request("https://app.example.com/", { headers }));
    expect(await response.text()).toBe(String(views + 1));
    cookie = pairOf(response.headers.getSetCookie());
  }
}

/** As much of Koa's context as its adapter asks for. */
function koaContext(cookie: string) {
  const headers = new Map<string, string | string[]>();
  const res = {
    headersSent: false,
    getHeader: (name: string) => headers.get(name.toLowerCase()),
    setHeader: (name: string, value: string | string[]) => headers.set(name.toLowerCase(), value),
    removeHeader: (name: string) => headers.delete(name.toLowerCase()),
  };
  const session = {} as { views?: number } & SessionMethods;
  const setCookie = () => [headers.get("set-cookie") ?? []].flat();
  return { req: { headers: { cookie } }, res, app: {}, secure: true, status: 200, session, setCookie };
}

function pairOf([line = ""]: readonly string[]): string {
  return line.slice(0, line.indexOf(";"));
}
