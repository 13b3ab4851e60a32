// Builds dist/ from src/: one JavaScript file and one type file per source. With --if-needed, only if src/ is newer.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const newest = () => Math.max(...readdirSync("src", { recursive: true }).map((file) => statSync(join("src", file)).mtimeMs));
const isFresh = existsSync("dist/index.js") && statSync("dist/index.js").mtimeMs >= newest();

if (!(process.argv.includes("--if-needed") && isFresh)) {
  rmSync("dist", { recursive: true, force: true });
  execFileSync("tsc", ["-p", "."], { stdio: "inherit" });
  useJsEndings();
  // Files for require() are already CommonJS.
  for (const folder of ["adapters/koa", "adapters/koa-session"])
    for (const file of ["index.cjs", "index.d.cts"]) copyFileSync(join("src", folder, file), join("dist", folder, file));
  // For running it from this folder. npm does the same on install.
  chmodSync("dist/cli/main.js", 0o755);
}

/** tsc rewrites import extensions in .js files, but not in .d.ts files. */
function useJsEndings() {
  for (const file of readdirSync("dist", { recursive: true }).filter((name) => name.endsWith(".d.ts"))) {
    const path = join("dist", file);
    writeFileSync(path, readFileSync(path, "utf8").replaceAll(/(from "\.[^"]+)\.ts"/g, '$1.js"'));
  }
}
