import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** Where the counts of a run go: those of `npm run test:browser` to browser.json, and so on. */
const RESULTS = /^test:(browser|mongodb)$/.exec(process.env.npm_lifecycle_event ?? "")?.[1] ?? "results";

export default defineConfig({
  test: {
    // .ci/run prints the counts that it finds in these files.
    reporters: process.env.CI ? ["default", ["json", { outputFile: `.vitest/${RESULTS}.json` }]] : ["default"],
    projects: [
      {
        test: {
          name: "node",
          include: ["test/**/*.test.ts"],
          exclude: ["test/workers/**", "test/browser/**", "test/mongodb/**", "test/bench/whole.test.ts", "**/node_modules/**"],
          testTimeout: 60_000,
        },
      },
      {
        // npm run test:mongodb, which makes the server first.
        test: { name: "mongodb", include: ["test/mongodb/*.test.ts"], testTimeout: 60_000, hookTimeout: 60_000 },
      },
      {
        // npm run test:bench: a minute of every part of the benchmark, which tells nothing of the library.
        test: { name: "bench", include: ["test/bench/whole.test.ts"], testTimeout: 300_000 },
      },
      {
        // No optimisation may weaken a check: the security tests once more, with no memory of opened tokens.
        test: {
          name: "forgetful",
          include: ["test/security/**/*.test.ts"],
          setupFiles: ["test/security/forgetful.ts"],
          testTimeout: 60_000,
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: { bindings: { SESSION_SECRET: "hOxkTJ2qwmkHk3zUTZ6UPWaPbBKnpLZ9gdBTDRnTvFM=" } },
          }),
        ],
        test: { name: "workers", include: ["test/workers/**/*.test.ts"], testTimeout: 30_000 },
      },
      {
        test: {
          name: "browser",
          maxWorkers: 2,
          include: ["test/browser/**/*.test.ts"],
          globalSetup: "test/browser/playgrounds.ts",
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
    ],
  },
});
