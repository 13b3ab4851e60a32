/** Every name that an entry exports, so that none comes or goes unseen. After a change on purpose: `vitest run -u`. */
import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { entries } from "./manifest.ts";

it("each entry exports the names in exported-names.txt", async () => {
  const lists = entries.map(({ name, source }) => [name, ...namesOf(source).map((line) => `  ${line}`)].join("\n"));
  await expect(`${lists.join("\n\n")}\n`).toMatchFileSnapshot("exported-names.txt");
});

function namesOf(source: string): string[] {
  const { nodes } = JSON.parse(execFileSync("deno", ["doc", "--json", source], { encoding: "utf8", maxBuffer: 1e8 }));
  const [{ symbols }] = Object.values(nodes) as [{ symbols: { name: string; declarations: { kind: string }[] }[] }];
  return symbols.map(({ name, declarations }) => `${declarations[0]?.kind} ${name}`).sort();
}
