/** docs/tokens.md: its code does what it says. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { useSession } from "@hono/session";
import { Hono } from "hono";
import { exportPKCS8, generateKeyPair } from "jose";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Session, SessionOptions, TokenCodec } from "../../src/index.ts";
import { memory } from "../../src/stores/memory.ts";
import { type App, makeApp } from "../support/app.ts";
import type { Browser } from "../support/browser.ts";
import { closeServers, serveNode } from "../support/koa.ts";
import { SECRET } from "../support/secrets.ts";
import vectors from "../vectors/v1.json" with { type: "json" };

const FOLDER = ".tokens";
const page = readFileSync("docs/tokens.md", "utf8");

beforeAll(() => mkdirSync(FOLDER, { recursive: true }));
afterAll(async () => {
  rmSync(FOLDER, { recursive: true, force: true });
  await closeServers();
});

/** The code under a mark of the page, as a module that imports this library's sources. */
async function load<Module>(mark: string): Promise<Module> {
  const [, code] = new RegExp(`<!-- test: ${mark} -->\n\`\`\`ts\n([\\s\\S]+?)\`\`\``).exec(page) ?? [];
  if (code === undefined) throw new Error(`docs/tokens.md has no code for ${mark}`);
  const here = code.replace('from "web-session-store/token/jose"', 'from "../src/token/jose.ts"');
  writeFileSync(`${FOLDER}/${mark}.ts`, here.replace('from "web-session-store"', 'from "../src/index.ts"'));
  return import(/* @vite-ignore */ resolve(FOLDER, `${mark}.ts`)) as Promise<Module>;
}

it("reads the cookies of @hono/session", async () => {
  const { honoSession } = await load<{ honoSession(secret: string): TokenCodec }>("hono");
  const old = new Hono().use(useSession({ secret: SECRET })).get("/", async (c) => {
    await c.get("session").update({ user: "alice", theme: "dark" });
    return c.text("old");
  });
  const now = () => Math.floor(Date.now() / 1000);
  const app = makeApp({ now, accept: [honoSession(SECRET)] });
  app.browser.receive(await old.request("/"));
  expect([...app.browser.cookies.keys()]).toEqual(["sid"]);
  expect(await app.does((session) => [session.subject, session.data.theme])).toEqual(["alice", "dark"]);
  expect([...app.browser.cookies.keys()]).toEqual(["__Host-session"]);
});

it("hands a session on to a service that fetches the key", async () => {
  type Handing = { token(session: Session): Promise<string>; keys(): Promise<Response> };
  const { handing } = await load<{ handing(key: string): Handing }>("jwt");
  const { service } = await load<{ service(address: string): (token: string) => Promise<string> }>("service");
  const { token, keys } = handing(await exportPKCS8((await generateKeyPair("EdDSA", { extractable: true })).privateKey));
  let address = "";
  const served = serveNode(async (req, res) => {
    address = `http://${req.headers.host}/.well-known/jwks.json`;
    res.end(await (await keys()).text());
  });
  await served(new Request("https://app.example.com/"));
  const app = makeApp({ now: () => Math.floor(Date.now() / 1000) });
  await app.does((session) => session.login("alice"));
  expect(await service(address)(await app.does(token))).toBe("alice");
});

type Opening = Record<
  "openSigned" | "openEncrypted",
  (...of: [token: string, secret: string, ...scope: string[]]) => Promise<object>
>;

it("opens the frozen tokens", async () => {
  const { openSigned, openEncrypted } = await load<Opening>("open");
  const { secret, name, context, tokens } = vectors;
  for (const [kind, { token, claims }] of Object.entries(tokens)) {
    const opened = await (/^(id|readable)$/.test(kind) ? openSigned : openEncrypted)(token, secret, kind, name, context);
    const data = "data" in claims ? { data: JSON.parse(claims.data) } : {};
    expect(opened, kind).toEqual({ ...claims, ...data });
  }
});

it("opens the cookies of every kind that an application sets, by the names that the page gives", async () => {
  const { openSigned, openEncrypted } = await load<Opening>("open");
  const cookiesOf = async (options: Partial<SessionOptions>, subject?: string): Promise<App["browser"]["cookies"]> => {
    const { does, browser } = makeApp({ context: "shop", ...options });
    await does((session) => (subject === undefined ? Object.assign(session.data, { a: 1 }) : session.login(subject)));
    return browser.cookies;
  };
  const tokenIn = (cookies: Browser["cookies"], name: string) => cookies.get(name)?.value as string;
  const inStore = await cookiesOf({ store: memory(), copy: { maxAge: 60 } }, "alice");
  expect(await openSigned(tokenIn(inStore, "__Host-session"), SECRET, "id", "session", "shop")).not.toHaveProperty("sub");
  const copy = await openEncrypted(tokenIn(inStore, "__Host-session-copy"), SECRET, "copy", "session", "shop");
  expect(copy).toMatchObject({ sub: "alice" });
  const visitor = tokenIn(await cookiesOf({ name: "sid" }), "__Host-sid-visitor");
  expect(await openEncrypted(visitor, SECRET, "data", "sid", "shop")).toMatchObject({ data: { a: 1 } });
  const readable = tokenIn(await cookiesOf({ readable: true }, "bob"), "__Host-session");
  expect(await openSigned(readable, SECRET, "readable", "session", "shop")).toMatchObject({ sub: "bob", data: {} });
});
