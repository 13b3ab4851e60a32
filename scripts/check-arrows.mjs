// Fails when a file of src/ imports one that stands below it here, or a package it may not name.
// The list is the architecture: docs/architecture.md says what the rooms are for.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const LAYERS = [
  // Ground: knows nothing of sessions.
  ["errors.ts", "maybe-promise.ts", "node-crypto.d.ts", "cloudflare-workers.d.ts"],
  ["encoding.ts"],
  ["primitives.ts", "session-id.ts", "json.ts"],
  ["cookie/parse.ts", "cookie/serialize.ts"],
  ["cookie/koa.ts"],
  // Tokens: what stands in the cookie.
  ["token/claims.ts"],
  ["token/codec.ts", "token/keys.ts"],
  ["token/signed.ts", "token/encrypted.ts", "token/verified.ts"],
  ["events.ts"],
  // The session, without input or output.
  ["record.ts", "patch.ts", "lifetime.ts"],
  ["token/keygrip.ts"],
  ["node-primitives.ts"],
  ["stores/store.ts"],
  ["session-data.ts"],
  ["state.ts"],
  ["session.ts", "snapshot.ts"],
  // Keeping.
  ["stores/bounded-entries.ts", "stores/changes.ts", "stores/plain.ts", "stores/route.ts", "keeping.ts"],
  ["stores/memory.ts", "stores/object-rows.ts", "stores/object-sockets.ts"],
  ["stores/object-table.ts", "stores/object-client.ts"],
  ["stores/object-moves.ts"],
  ["stores/durable-object.ts", "stores/session-object.ts"],
  // One request.
  ["options.ts"],
  ["engine.ts"],
  ["compatible.ts"],
  ["loading.ts", "plan.ts"],
  ["commit.ts", "response.ts"],
  ["update.ts"],
  ["opening.ts"],
  ["sessions.ts"],
  ["index.ts"],
  // Frameworks translate, and never decide. Tests use what they like.
  ["adapters/koa-response.ts", "adapters/koa-property.ts"],
  ["adapters/fetch.ts", "adapters/hono.ts", "adapters/koa.ts"],
  ["testing/"],
  ["testing.ts"],
];
const PACKAGES = {
  "adapters/hono.ts": ["hono"],
  "stores/plain.ts": ["co"],
  "node-primitives.ts": ["node:crypto"],
  "stores/session-object.ts": ["cloudflare:workers"],
};
// Only Koa's adapter may bring in Node's cryptography.
const KOA_ONLY = { "node-primitives.ts": ["compatible.ts", "adapters/koa.ts"], "compatible.ts": ["adapters/koa.ts"] };

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
