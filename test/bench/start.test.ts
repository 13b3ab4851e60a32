/** A bundle that starts does no cryptography: keys are derived in the first request, and not before. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { OLDER_SECRETS, SECRET } from "../../bench/contenders/secrets.ts";
import { bundle } from "../../bench/start/bundle.ts";
import { ourNodeSource, ourSource } from "../../bench/start/entries.ts";
import { cryptoCallsIn } from "../../bench/start/in-node.ts";

const folder = mkdtempSync(join(tmpdir(), "start-"));
afterAll(() => rmSync(folder, { recursive: true }));

it.each([
  ["in an encrypted cookie", ourSource()],
  ["in a signed cookie", ourSource("readable: true")],
  ["with several secrets", ourSource(`secrets: ${JSON.stringify([SECRET, ...OLDER_SECRETS])}`)],
  ["by node:crypto", ourNodeSource()],
])("Hono with sessions %s derives nothing before the first request", async (_, source) => {
  const file = join(folder, "bundle.mjs");
  await bundle(source, "node", file);
  const { before, first } = await cryptoCallsIn(file);
  expect(before).toBe(0);
  expect(first).toBeGreaterThan(0);
});

it("the count sees what is derived while a bundle is evaluated", async () => {
  const file = join(folder, "early.mjs");
  const early =
    'import { hkdfSync } from "node:crypto"; hkdfSync("sha256", "key", "", "", 32); crypto.subtle.digest("SHA-256", new Uint8Array());';
  await bundle(`${early} ${ourSource()}`, "node", file);
  expect((await cryptoCallsIn(file)).before).toBe(2);
});
