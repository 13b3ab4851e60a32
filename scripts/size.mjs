// Prints the size of each entry: bundled, minified, and compressed as servers send it.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const { exports } = JSON.parse(readFileSync("package.json", "utf8"));
for (const [name, target] of Object.entries(exports)) {
  if (typeof target === "string") continue;
  const options = {
    entryPoints: [target.default],
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    external: ["hono", "co", "node:crypto", "cloudflare:workers"],
  };
  const { outputFiles } = await build({ ...options, platform: "neutral" });
  const [{ contents }] = outputFiles;
  console.log(
    `${name.padEnd(18)} ${String(contents.length).padStart(6)} B min  ${String(gzipSync(contents, { level: 9 }).length).padStart(6)} B min+gzip`,
  );
}
