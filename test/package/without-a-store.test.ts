/** An application ships nothing for sessions in a store unless it imports one: by what its bundle is made of. */
import { execFileSync } from "node:child_process";
import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import { entries } from "./manifest.ts";

beforeAll(() => execFileSync("node", ["scripts/build.mjs", "--if-needed"]));

/** The files of dist/ that this program's bundle has anything of. */
async function inputsOf(program: string): Promise<string[]> {
  const contents = program.replaceAll(/"web-session-store(.*?)"/g, (_all, path) => JSON.stringify(codeOf(`.${path}`)));
  const options = { bundle: true, minify: true, format: "esm", platform: "neutral", packages: "external" } as const;
  const { metafile } = await build({ ...options, stdin: { contents, resolveDir: "." }, write: false, metafile: true });
  return Object.keys(metafile.inputs).flatMap((file) => /^dist\/(.+)\.js$/.exec(file)?.[1] ?? []);
}

function codeOf(name: string): string {
  const entry = entries.find((one) => one.name === name);
  if (entry === undefined) throw new Error(`There is no entry ${name}`);
  return `./${entry.code}`;
}

const ofStores = (files: readonly string[]) => files.filter((file) => /^store[ds]\//.test(file));

const CORE = 'import { createSessions } from "web-session-store";';
const HONO = 'import { session } from "web-session-store/hono";';
const PROGRAMS: [name: string, imports: string, program: string][] = [
  ["createSessions()", CORE, "export const sessions = createSessions({ secrets, ...more });"],
  ["handler()", CORE, "export default { fetch: createSessions({ secrets, ...more }).handler(() => new Response()) };"],
  [
    "load(), commit() and put()",
    'import { createSessions, put } from "web-session-store";',
    `const sessions = createSessions({ secrets, ...more });
    export async function serve(request, response) {
      put(response.headers, await sessions.commit(await sessions.load(request), response));
    }`,
  ],
  ["Hono's session()", HONO, "export const web = session({ secrets, ...more });"],
];
/** What an application may import besides, and still keep its sessions in their cookies. A copy is of a session in a store. */
const FEATURES: [name: string, imports: string, more: string][] = [
  ["nothing else", "", "{}"],
  ["accept", 'import { ownTokens } from "web-session-store/accept/own";', "{ accept: [ownTokens({ secrets })] }"],
  ["defineCodec()", 'import { defineCodec } from "web-session-store/accept/define";', "{ accept: [defineCodec(codec)] }"],
  ["schema", 'import { schema } from "web-session-store/schema";', "{ schema: schema(standard) }"],
  ["fetched secrets", 'import { fetched } from "web-session-store/secrets";', "{ secrets: fetched(binding) }"],
];

describe.each(PROGRAMS)("an application without a store that uses %s", (_program, imports, program) => {
  it.each(FEATURES)("and %s ships nothing of stored/ and stores/", async (_feature, further, more) => {
    const files = await inputsOf(`${imports}${further}\nconst more = ${more};\n${program}`);
    expect(files).toContain("manager/sessions");
    expect(ofStores(files)).toEqual([]);
  });

  it("and memory() ships what that needs, and no other store", async () => {
    const memory = 'import { memory } from "web-session-store/stores/memory";';
    const files = await inputsOf(`${imports}${memory}\nconst more = { store: memory() };\n${program}`);
    expect(files).toEqual(expect.arrayContaining(["stored/define", "stored/backend", "stored/write"]));
    const ofOthers = ofStores(files).filter((file) => !/^(stored|stores\/memory)\//.test(file));
    expect(ofOthers).toEqual([]);
  });
});
