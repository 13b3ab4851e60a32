import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** Files of tests that npm test leaves out, since what they need is not there. */
const LEFT_OUT = (process.env.TESTS_LEFT_OUT ?? "").split(" ").filter((file) => file !== "");
const exclude = ["**/node_modules/**", ...LEFT_OUT];

export default defineConfig({
  test: {
    // What an old package of koa-session-store calls deprecated in another one is no concern of ours.
    env: { NO_DEPRECATION: "cookies" },
    projects: [
      {
        test: {
          name: "node",
          include: ["test/**/*.test.ts"],
          exclude: ["test/workers/**", "test/browser/**", "test/mongodb/**", "test/bench/whole.test.ts", ...exclude],
          testTimeout: 60_000,
          // Some install the packed package, or start a database, on machines that have other things to do.
          hookTimeout: 60_000,
        },
      },
      {
        // npm run test:mongodb, which makes the server first.
        test: { name: "mongodb", include: ["test/mongodb/*.test.ts"], exclude, testTimeout: 60_000, hookTimeout: 60_000 },
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
          exclude,
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
        test: { name: "workers", include: ["test/workers/**/*.test.ts", "examples/*.test.ts"], exclude, testTimeout: 30_000 },
      },
      {
        test: {
          name: "browser",
          maxWorkers: 2,
          include: ["test/browser/**/*.test.ts"],
          exclude,
          globalSetup: "test/browser/playgrounds.ts",
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
    ],
  },
});
