// Builds dist/ from src/: JavaScript and types, one file for each file.
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
execFileSync("tsc", ["-p", "."], { stdio: "inherit" });
