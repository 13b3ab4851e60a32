/**
 * Bundles an application into one file.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Where a bundle runs. Packages have other files for Workers. */
export type Runtime = "node" | "workerd";

/** Bundles the source of a module into a file. */
export async function bundle(contents: string, runtime: Runtime, file: string): Promise<void> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL("..", import.meta.url)), loader: "js" },
    ...{ bundle: true, minify: true, write: false, format: "esm", target: "es2023", logLevel: "error" },
    ...(runtime === "node" ? { platform: "node" } : { platform: "browser", conditions: ["workerd", "worker", "browser"] }),
  });
  writeFileSync(file, outputFiles?.[0]?.contents as Uint8Array);
}
