/** What an entry brings along: no framework, no Node and no store that it does not need, as a bundler sees it. */
import { execFileSync } from "node:child_process";
import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import { type Entry, entries } from "./manifest.ts";

interface Reach {
  /** Files of dist/, without the ending. */
  readonly files: readonly string[];
  /** Bare imports: packages, and parts of a platform. */
  readonly packages: readonly string[];
  /** The bundle. */
  readonly text: string;
}

const reached = new Map<string, Reach>();
beforeAll(async () => {
  execFileSync("node", ["scripts/build.mjs", "--if-needed"]);
  for (const entry of entries) reached.set(entry.name, await reachOf(entry));
});

async function reachOf({ code }: Entry): Promise<Reach> {
  const options = { bundle: true, format: "esm", platform: "neutral", packages: "external" } as const;
  const { metafile, outputFiles } = await build({ ...options, entryPoints: [code], write: false, metafile: true });
  const files = Object.keys(metafile.inputs).map((file) => file.replace(/^dist\/(.+)\.js$/, "$1"));
  const packages = Object.values(metafile.inputs).flatMap(({ imports }) => imports.filter(({ external }) => external));
  return { files, packages: [...new Set(packages.map(({ path }) => path))].sort(), text: outputFiles[0]?.text ?? "" };
}

/** All that entries may import by name. Every other entry: nothing. */
const PACKAGES: Record<string, readonly string[]> = {
  "./koa": ["co", "node:crypto"],
  "./koa-session": ["co", "node:async_hooks", "node:crypto"],
  "./stores/plain": ["co"],
  "./accept/koa-session": ["co"],
  "./accept/koa-session-store": ["co"],
  "./stores/session-object": ["cloudflare:workers"],
  "./accept/jose": ["jose"],
  "./jwt": ["jose"],
  "./node": ["node:crypto"],
};

/** Parts that are only for some, and the entries that may reach them. */
const PARTS: [part: string, files: RegExp, allowed: readonly string[]][] = [
  [
    "the manager",
    /^(manager\/(sessions|assemble|commit|load)|token\/(?!timeouts)\w+)$/,
    [
      ".",
      "./hono",
      "./koa",
      "./koa-session",
      "./testing",
      "./accept/own",
      "./accept/koa-session",
      "./accept/koa-session-store",
      "./accept/jose",
      "./accept/define",
      "./copy",
      "./secrets",
      "./watch",
    ],
  ],
  // An application without a store ships nothing of it.
  [
    "sessions in a store",
    /^stored\//,
    ["./koa", "./koa-session", "./testing", ...entries.flatMap(({ name }) => (name.startsWith("./stores/") ? [name] : []))],
  ],
  ["Node's cryptography", /^(node|token\/node-(crypto|hmac))$/, ["./koa", "./koa-session", "./node"]],
  ["Koa's compatible mode", /^adapters\/koa\/compatible$/, ["./koa"]],
  [
    "Koa's cookies",
    /^(cookie\/koa|token\/keygrip)$/,
    ["./koa", "./koa-session", "./accept/koa-session", "./accept/koa-session-store"],
  ],
  ["the page of a user's sessions", /^devices/, ["./devices", "./devices/koa"]],
  ["the contracts", /^testing/, ["./testing"]],
  ["the Hono adapter", /^adapters\/hono$/, ["./hono"]],
  ["the Koa adapter", /^adapters\/koa/, ["./koa", "./koa-session"]],
  ["koa-session's dialect", /^adapters\/koa-session/, ["./koa-session"]],
  ["memory()", /^stores\/memory/, ["./stores/memory", "./testing"]],
  ["plain()", /^stores\/bridges\/plain$/, ["./stores/plain", "./koa"]],
  ["kv()", /^stores\/kv/, ["./stores/kv"]],
  ["mongodb()", /^stores\/mongodb/, ["./stores/mongodb"]],
  ["redis()", /^stores\/redis/, ["./stores/redis"]],
  ["mongodb()", /^stores\/mongodb/, ["./stores/mongodb"]],
  ["denoKv()", /^stores\/deno-kv/, ["./stores/deno-kv"]],
  ["SQL", /^stores\/sql/, ["./stores/sqlite", "./stores/d1", "./stores/libsql", "./stores/postgres", "./stores/mysql"]],
  // A dialect is what its entries pass in.
  ["SQLite's dialect", /^stores\/sql\/sqlite-dialect$/, ["./stores/sqlite", "./stores/d1", "./stores/libsql"]],
  ["Postgres", /^stores\/sql\/postgres/, ["./stores/postgres"]],
  ["MySQL", /^stores\/sql\/mysql/, ["./stores/mysql"]],
  ["bridges", /^stores\/bridges\/(entry|store)$/, ["./stores/unstorage", "./stores/connect"]],
  ["Durable Objects", /^stores\/durable-object/, ["./stores/durable-object", "./stores/session-object"]],
];

describe("what entries reach", () => {
  it.each(entries)("$name imports no package or platform but those it is for", ({ name }) => {
    expect(reached.get(name)?.packages).toEqual(PACKAGES[name] ?? []);
  });

  it.each(PARTS)("%s", (_part, files, allowed) => {
    const reaching = [...reached].filter(([, { files: all }]) => all.some((file) => files.test(file))).map(([name]) => name);
    expect(reaching.filter((name) => !allowed.includes(name))).toEqual([]);
    // A part that no entry reaches has another name now.
    expect(reaching).not.toEqual([]);
  });

  it("of node:crypto the root entry, and every other but Koa's and ./node, brings not a word", () => {
    const naming = [...reached].filter(([, { text }]) => /node:crypto|createCipheriv|hkdfSync|id-aes256-wrap/.test(text));
    expect(naming.map(([name]) => name)).toEqual(["./koa", "./koa-session", "./node"]);
  });

  it("the program, from no entry", () => {
    const reaching = [...reached].filter(([, { files }]) => files.some((file) => file.startsWith("cli/")));
    expect(reaching).toEqual([]);
  });

  it("a store's own file, from no other entry but Koa's, and that of memory() for tests", () => {
    const also: Record<string, string[]> = { "./stores/plain": ["./koa"], "./stores/memory": ["./testing"] };
    for (const { name, source } of entries.filter((entry) => /^src\/stores\//.test(entry.source))) {
      const file = source.replace(/^src\/(.+)\.ts$/, "$1");
      const others = [...reached].filter(([other, { files }]) => other !== name && files.includes(file)).map(([other]) => other);
      expect(others, name).toEqual(also[name] ?? []);
    }
  });

  it("the root knows no store", () => {
    const stores = reached.get(".")?.files.filter((file) => file.startsWith("stores/"));
    expect(stores).toEqual([]);
  });
});
