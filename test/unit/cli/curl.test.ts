/** The program `web-session-store inspect` reads the cookie jar that curl writes for an application. */
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import Koa from "koa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { session } from "../../../src/adapters/koa/index.ts";
import { VISITOR_COOKIE } from "../../support/cookie-names.ts";
import { closeServers, listenOn } from "../../support/koa.ts";
import { OTHER_SECRET, SECRET } from "../../support/secrets.ts";

const PROGRAM = resolve(JSON.parse(readFileSync("package.json", "utf8")).bin["web-session-store"]);
const folder = mkdtempSync(join(tmpdir(), "jar-"));
beforeAll(() => void execFileSync("node", ["scripts/build.mjs", "--if-needed"]));
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await closeServers();
});

it("reads every cookie of the jar", async () => {
  const app = new Koa();
  app.use(session({ secrets: SECRET })).use((ctx) => {
    ctx.session.views = 1;
    ctx.cookies.set("theme", "dark", { httpOnly: false });
    ctx.body = "";
  });
  const jar = join(folder, "jar");
  await promisify(execFile)("curl", ["-s", "-c", jar, `http://localhost:${await listenOn(app.callback())}/`]);
  const inspect = (secret: string) => {
    const env = { PATH: process.env.PATH ?? "", SESSION_SECRET: secret };
    return spawnSync(PROGRAM, ["inspect"], { input: readFileSync(jar, "utf8"), env, encoding: "utf8" });
  };
  const { status, stdout } = inspect(SECRET);
  expect(stdout.match(/^\S.*$/gm)?.sort()).toEqual([VISITOR_COOKIE, "theme"]);
  expect(stdout).toMatch(/^ {2}opens {4}yes$/m);
  expect(status).toBe(0);
  expect(inspect(OTHER_SECRET).status).toBe(1);
});
