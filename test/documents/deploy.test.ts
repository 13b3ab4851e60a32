/** The example Worker can be deployed as it is. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

it("wrangler deploy --dry-run accepts wrangler.toml, offline", async () => {
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" };
  const { stdout } = await promisify(execFile)("wrangler", ["deploy", "--dry-run", "--outdir", ".wrangler/dry-run"], { env });
  expect(stdout).toMatch(/Total Upload: [\d.]+ KiB/);
});
