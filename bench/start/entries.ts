/**
 * Small applications of Hono with sessions in cookies, as source text to bundle. A visit to /new sets a cookie, and /read answers with the name in it.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { NAME } from "../contenders/deeds.ts";
import { SECRET } from "../contenders/secrets.ts";

interface Parts {
  /** What is imported besides Hono. */
  readonly imports?: string;
  /** What stands above the application, where it uses any. */
  readonly above?: string;
  readonly use?: string;
  /** What a handler does to write and to read: `c` is Hono's context. */
  readonly write: string;
  readonly read: string;
}

function source({ imports = "", above = "", use = "", write, read }: Parts): string {
  return `import { Hono } from "hono";
${imports}
${above}
const app = new Hono()${use};
app.get("/new", async (c) => { ${write}; return c.text("new"); });
app.get("/read", async (c) => c.text(${read}));
export default app;`;
}

const dist = (file: string) => JSON.stringify(fileURLToPath(new URL(`../../dist/${file}`, import.meta.url)));

/** Ours; `more` are further options, by what `imports` gives. */
export function ourSource(more = "", imports = ""): string {
  return source({
    imports: `import { session } from ${dist("adapters/hono.js")}; ${imports}`,
    above: `const web = session({ secrets: "${SECRET}", ${more} });`,
    use: ".use(web)",
    write: `web.get(c).data.name = "${NAME}"`,
    read: 'web.get(c).data.name ?? ""',
  });
}

/** Ours by Node's cryptography. */
export const ourNodeSource = (): string => ourSource("crypto: nodeCrypto", `import { nodeCrypto } from ${dist("node.js")};`);

export const ALONE = "Hono alone";

/** All that is started, the framework alone among them. */
export const ENTRIES: Readonly<Record<string, string>> = {
  [ALONE]: source({ write: "", read: `"${NAME}"` }),
  "ours: Hono": ourSource(),
  "@hono/session": source({
    imports: 'import { useSession } from "@hono/session";',
    use: `.use(useSession({ secret: "${SECRET}", duration: { absolute: 86400 } }))`,
    write: `await c.var.session.update({ name: "${NAME}" })`,
    read: '(await c.var.session.get())?.name ?? ""',
  }),
  "iron-session": source({
    imports: 'import { getIronSession } from "iron-session";',
    above: `const open = (c) => getIronSession(c.req.raw, c.res, { cookieName: "session", password: "${SECRET}" });`,
    write: `const session = await open(c); session.name = "${NAME}"; await session.save()`,
    read: '(await open(c)).name ?? ""',
  }),
  "hono-sessions": source({
    imports: 'import { CookieStore, sessionMiddleware } from "hono-sessions";',
    use: `.use(sessionMiddleware({ store: new CookieStore(), encryptionKey: "${SECRET}", expireAfterSeconds: 86400 }))`,
    write: `c.var.session.set("name", "${NAME}")`,
    read: 'c.var.session.get("name") ?? ""',
  }),
};
