// Serves the playground, with a secret made for this checkout: the Worker on http://localhost:8787, or with the argument
// "koa" the same page from Koa on http://localhost:3000.
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";

if (!existsSync(".dev.vars")) writeFileSync(".dev.vars", `SESSION_SECRET="${randomBytes(32).toString("base64")}"\n`);
execFileSync("node", ["scripts/build.mjs", "--if-needed"], { stdio: "inherit" });

const env = { ...process.env, WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" };
const command =
  process.argv[2] === "koa"
    ? ["node", "--disable-warning=ExperimentalWarning", "--env-file=.dev.vars", "examples/koa-playground.ts"]
    : ["wrangler", "dev", "--show-interactive-dev-session=false", "--inspector-port=0", ...process.argv.slice(2)];
const [program, ...options] = command;
const server = spawn(program, options, { stdio: "inherit", env });
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => server.kill(signal));
server.on("exit", (code) => process.exit(code ?? 0));
