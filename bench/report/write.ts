/**
 * Writes bench/results.md, one section per part of the benchmark. The file is never edited by hand.
 *
 * @module
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";

const FILE = fileURLToPath(new URL("../results.md", import.meta.url));
const TITLES = {
  requests: "Requests",
  stores: "Stores",
  sockets: "Over sockets",
  growth: "Growth",
  workerd: "Inside workerd",
  start: "Start",
  sizes: "Bundle sizes",
} as const;
export type Section = keyof typeof TITLES;

/** Writes one section and keeps the others. */
export function writeSection(section: Section, text: string, rounds?: number): void {
  const before = existsSync(FILE) ? readFileSync(FILE, "utf8") : "";
  const parts = Object.keys(TITLES).map((name) => {
    const own = name === section ? `${head(section, rounds)}\n\n${text}` : sectionOf(before, name as Section);
    return own === "" ? "" : `## ${TITLES[name as Section]}\n\n${own}\n`;
  });
  const top =
    "# Results\n\nWritten by `npm run bench`; see [README.md](README.md) for what is measured and how. Times are microseconds.\n";
  writeFileSync(FILE, [top, ...parts.filter((part) => part !== "")].join("\n"));
}

function sectionOf(text: string, section: Section): string {
  const start = text.indexOf(`## ${TITLES[section]}\n`);
  if (start === -1) return "";
  const rest = text.slice(start + TITLES[section].length + 4);
  const end = rest.search(/^## /m);
  return (end === -1 ? rest : rest.slice(0, end)).trim();
}

function head(section: Section, rounds: number | undefined): string {
  const processors = `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}`;
  const how = rounds === undefined ? "" : `, ${rounds} rounds`;
  const versions = ["requests", "stores", "start", "sizes"].includes(section) ? `\n\nVersions: ${peers()}.` : "";
  return `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${processors}${how}.${versions}`;
}

function peers(): string {
  const { dependencies } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return Object.entries(dependencies)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");
}
