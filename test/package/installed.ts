/** The package as npm installs it: packed, and unpacked into an empty project. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { manifest } from "./manifest.ts";

const run = promisify(execFile);

/** A project that has the package and what it depends on, and nothing else. */
export class Project {
  readonly folder: string = mkdtempSync(join(tmpdir(), "web-session-store-"));
  readonly #type: "module" | "commonjs";

  constructor(type: "module" | "commonjs" = "module") {
    this.#type = type;
  }

  /** Packs the built package, and installs it from that file. */
  async install(): Promise<void> {
    await run("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", this.folder]);
    this.write("package.json", JSON.stringify({ private: true, type: this.#type }));
    const file = `./${manifest.name}-${manifest.version}.tgz`;
    // The dependency comes from npm's cache, where installing this repository put it.
    await run("npm", ["install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", file], { cwd: this.folder });
  }

  /** Adds a package that this repository has, or one of its folders. */
  link(name: string, from = "node_modules"): void {
    const target = join(this.folder, "node_modules", name);
    mkdirSync(dirname(target), { recursive: true });
    symlinkSync(resolve(from, name), target);
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
  }

  /** What the program prints, also when it fails. */
  async output(program: string, ...args: string[]): Promise<string> {
    const { stdout, stderr } = await run(program, args, { cwd: this.folder }).catch((error) => error);
    return `${stdout}${stderr}`.trim();
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
