/**
 * The modules of another build, found by the names that applications import. Whatever
 * it lacks throws when called, so the rows that need it are left out with that reason.
 *
 * @module
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Library } from "../contenders/library.ts";
import { declaredNames, type Exports, entryFile } from "./entries.ts";
import type { Past } from "./past.ts";

type Module = Readonly<Record<string, unknown>>;
type Make = (options?: object) => unknown;

/** Loads a build. */
export async function libraryOf({ folder }: Past): Promise<Library> {
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as { exports: Exports };
  const known = declaredNames(declarationsOf(join(folder, "dist")));
  const value = async (entry: string, name: string) => {
    const file = entryFile(exports, entry);
    return file === undefined ? undefined : ((await import(pathToFileURL(join(folder, file)).href)) as Module)[name];
  };
  const taken = async (entry: string, name: string) => {
    const found = await value(entry, name);
    return typeof found === "function" ? found : missing(`has no ${name}() in its entry "${entry}"`);
  };
  return {
    createSessions: strict((await taken(".", "createSessions")) as Make, known) as never,
    memory: strict((await taken("./stores/memory", "memory")) as Make, known) as never,
    honoSession: strict((await taken("./hono", "session")) as Make, known) as never,
    koaSession: strict((await taken("./koa", "session")) as Make, known) as never,
    getKoaSession: (await taken("./koa", "getSession")) as never,
    nodeCrypto: (await value("./node", "nodeCrypto")) as never,
  };
}

function missing(what: string): () => never {
  return () => {
    throw new Error(`it ${what}`);
  };
}

/**
 * Refuses options that the build does not declare. Some builds
 * ignored unknown options, and would be timed doing something else.
 */
function strict(make: Make, known: ReadonlySet<string>): Make {
  return (options) => {
    const unknown = Object.keys(options ?? {}).find((name) => !known.has(name));
    if (unknown !== undefined) throw new Error(`it has no option "${unknown}"`);
    return options === undefined ? make() : make(options);
  };
}

function declarationsOf(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".d.ts"))
    .map((file) => readFileSync(join(folder, file), "utf8"))
    .join("\n");
}
