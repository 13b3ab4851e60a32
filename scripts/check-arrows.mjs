// Fails when a file of src/ imports one that stands below it here, or a package it may not name.
// The list is the architecture: docs/architecture.md says what the rooms are for.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const LAYERS = [
  // Ground: knows nothing of sessions.
  ["errors.ts", "advice.ts", "maybe-promise.ts", "handshake.ts", "node-crypto.d.ts", "cloudflare-workers.d.ts"],
  ["encoding.ts", "option-values.ts"],
  ["primitives.ts", "session-id.ts", "json.ts"],
  ["cookie/parse.ts"],
  ["cookie/serialize.ts"],
  ["cookie/koa.ts"],
  // Tokens: what stands in the cookie.
  ["token/claims.ts", "token/weak.ts"],
  ["token/codec.ts", "token/secrets.ts"],
  ["token/keys.ts"],
  ["token/signed.ts", "token/encrypted.ts", "token/verified.ts"],
  ["token/own.ts"],
  ["events.ts"],
  ["reporting.ts"],
  ["plain-http.ts"],
  // The session, without input or output.
  ["record.ts", "patch.ts", "lifetime.ts"],
  ["token/keygrip.ts"],
  ["node-hmac.ts"],
  ["node-primitives.ts"],
  ["stores/store.ts"],
  ["session-data.ts", "login-options.ts", "found.ts", "pending.ts"],
  ["state.ts"],
  ["session.ts", "snapshot.ts"],
  // Keeping.
  ["stores/use-order.ts"],
  ["stores/bounded-entries.ts", "stores/changes.ts", "stores/plain.ts", "stores/route.ts", "keeping.ts"],
  ["stores/redis-prelude.ts"],
  ["stores/redis-scripts.ts", "stores/redis-fields.ts", "stores/kv-namespace.ts", "stores/kv-values.ts"],
  ["stores/redis-client.ts", "stores/kv-options.ts"],
  ["stores/kv-records.ts"],
  ["stores/memory.ts", "stores/redis.ts", "stores/kv.ts"],
  ["stores/sql-options.ts", "stores/sql-rows.ts", "stores/sql-statements.ts", "stores/sql-waiting.ts", "stores/sql-location.ts"],
  ["stores/sql-file.ts"],
  ["stores/sql-store.ts"],
  ["stores/sql-connection.ts"],
  ["stores/sqlite.ts", "stores/d1.ts"],
  ["stores/bridge-entry.ts"],
  ["stores/bridge-store.ts"],
  ["stores/unstorage.ts", "stores/connect.ts"],
  ["stores/object-marks.ts", "stores/object-sockets.ts", "stores/object-failures.ts"],
  ["stores/object-rows.ts"],
  ["stores/object-table.ts", "stores/object-client.ts", "stores/object-answers.ts"],
  ["stores/object-moves.ts"],
  ["stores/durable-object.ts", "stores/session-object.ts"],
  // One request.
  ["schema.ts", "store-option.ts"],
  ["token/jose-keys.ts", "token/foreign-claims.ts", "jwt-keys.ts"],
  ["jwt.ts"],
  ["token/jose.ts", "token/koa.ts"],
  ["options.ts"],
  ["settings.ts"],
  ["engine.ts"],
  ["csrf.ts"],
  ["compatible.ts"],
  ["moved.ts", "copy.ts", "fitting.ts", "usable.ts", "redeeming.ts"],
  ["accepting.ts"],
  ["loading.ts", "plan.ts", "ending.ts"],
  ["set-cookie.ts", "response.ts", "carry-out.ts"],
  ["commit.ts", "subjects.ts", "handling.ts", "watching.ts"],
  ["update.ts"],
  ["opening.ts"],
  ["sessions.ts"],
  ["index.ts"],
  // Frameworks translate, and never decide. Tests use what they like.
  [
    "adapters/hono-env.ts",
    "adapters/koa-response.ts",
    "adapters/koa-context.ts",
    "adapters/koa-request.ts",
    "adapters/koa-store.ts",
    "adapters/one-name.ts",
  ],
  ["adapters/fetch.ts", "adapters/hono.ts", "adapters/koa.ts", "adapters/csrf-hono.ts", "adapters/csrf-koa.ts"],
  ["testing/"],
  ["testing.ts"],
  // The program: for Node, and reached by no entry, since nothing may import what stands below it.
  ["cli/cookies.ts", "cli/secrets.ts", "cli/text.ts", "cli/help.ts", "cli/keygen.ts", "cli/node.d.ts"],
  ["cli/finding.ts"],
  ["cli/own-tokens.ts", "cli/koa-cookies.ts"],
  ["cli/inspect.ts"],
  ["cli/main.ts"],
];
const PACKAGES = {
  "adapters/hono.ts": ["hono"],
  "adapters/csrf-hono.ts": ["hono"],
  "stores/plain.ts": ["co"],
  "node-hmac.ts": ["node:crypto"],
  "node-primitives.ts": ["node:crypto"],
  "stores/session-object.ts": ["cloudflare:workers"],
  "token/jose.ts": ["jose"],
  "token/jose-keys.ts": ["jose"],
  "token/foreign-claims.ts": ["jose"],
  "jwt.ts": ["jose"],
  "jwt-keys.ts": ["jose"],
  "cli/main.ts": ["node:fs", "node:process", "node:util"],
  "cli/secrets.ts": ["node:util"],
};
// Only Koa's adapter and the program may bring in Node's cryptography.
const KOA_ONLY = {
  "node-hmac.ts": ["node-primitives.ts"],
  "node-primitives.ts": ["compatible.ts", "adapters/koa.ts", "cli/koa-cookies.ts"],
  "compatible.ts": ["adapters/koa.ts"],
};

const layerOf = (file) =>
  LAYERS.findIndex((files) => files.some((name) => name === file || (name.endsWith("/") && file.startsWith(name))));
const problems = [];

for (const file of readdirSync("src", { recursive: true }).filter((name) => name.endsWith(".ts"))) {
  const layer = layerOf(file);
  if (layer === -1) problems.push(`src/${file} has no place in scripts/check-arrows.mjs`);
  for (const [, target] of readFileSync(join("src", file), "utf8").matchAll(
    /^(?:import|export (?:type )?[{*])[^;"]*"([^"\n]+)";/gm,
  )) {
    if (!target.startsWith(".")) {
      if (!PACKAGES[file]?.includes(target)) problems.push(`src/${file} must not import ${target}`);
      continue;
    }
    const imported = join(dirname(file), target);
    if (KOA_ONLY[imported] && !KOA_ONLY[imported].includes(file))
      problems.push(`src/${file} must not import src/${imported}: it needs Node`);
    const sameRoom = dirname(file) === "testing" && dirname(imported) === "testing";
    if (!sameRoom && layerOf(imported) >= layer) problems.push(`src/${file} must not import src/${imported}: it stands below`);
  }
}

for (const problem of problems) console.log(problem);
console.log(problems.length === 0 ? "arrows: all imports point upward" : `arrows: ${problems.length} wrong`);
process.exit(problems.length === 0 ? 0 : 1);
