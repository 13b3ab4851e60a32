/**
 * What a session library adds to a bundle, next to its peers: minified, compressed, without the framework. node bench/sizes.ts
 */
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { writeSection } from "./report/write.ts";

const FRAMEWORKS = ["hono", "hono/*", "koa", "express", "fastify", "@remix-run/fetch-router", "@remix-run/fetch-router/*"];
const own = (file: string) => fileURLToPath(new URL(`../dist/${file}`, import.meta.url));
const entries: readonly (readonly [name: string, ...modules: string[]])[] = [
  ["ours: the core", own("index.js")],
  ["ours: Hono", own("adapters/hono.js")],
  ["ours: Koa", own("adapters/koa/index.js")],
  ["koa-session", "koa-session"],
  ["koa-generic-session", "koa-generic-session"],
  ["cookie-session", "cookie-session"],
  ["express-session", "express-session"],
  ["@hono/session", "@hono/session"],
  ["hono-sessions", "hono-sessions"],
  ["iron-session", "iron-session"],
  ["@fastify/session, with its cookies", "@fastify/session", "@fastify/cookie"],
  ["@fastify/secure-session, without sodium", "@fastify/secure-session"],
  ["@remix-run/session, with its cookies", "@remix-run/session", "@remix-run/cookie", "@remix-run/session-middleware"],
];

const rows: string[] = [];
for (const [name, ...modules] of entries) {
  const contents = modules.map((module, index) => `export * as part${index} from ${JSON.stringify(module)};`).join("\n");
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL(".", import.meta.url)), loader: "js" },
    ...{ bundle: true, minify: true, write: false, format: "esm", platform: "node", target: "es2023", logLevel: "error" },
    external: [...FRAMEWORKS, "sodium-native"],
  });
  const bytes = outputFiles[0]?.contents as Uint8Array;
  rows.push(`| ${name} | ${(bytes.length / 1000).toFixed(1)} | ${(gzipSync(bytes, { level: 9 }).length / 1000).toFixed(1)} |`);
}
const text = `Kilobytes, by esbuild; Node's own modules and the framework stay outside.\n
| | minified | and compressed |\n|---|---|---|\n${rows.join("\n")}`;
console.log(text);
if (!process.argv.includes("--quick")) writeSection("sizes", text);
