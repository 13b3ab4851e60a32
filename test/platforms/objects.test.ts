/** Durable Objects that are configured so that they cannot work, in workerd: what the application is told. */
import { beforeAll, expect, it } from "vitest";
import { SECRET } from "../support/secrets.ts";
import { browserOf, startWorker, type Worker } from "../support/workerd.ts";

const object = (class_name: string) => ({ type: "durable_object_namespace", class_name }) as const;
const bindings = {
  SESSIONS: object("SessionObject"),
  OTHER: object("Other"),
  PLAIN: object("Plain"),
  NEW_CLASSES: object("KvSessions"),
  SECRET: { type: "plain_text", value: SECRET },
} as const;
const migrations = [{ tag: "1", new_sqlite_classes: ["SessionObject", "Other", "Plain"], new_classes: ["KvSessions"] }];

const text = async (worker: Worker, path: string) => (await browserOf(worker).ask(path)).text();
const WIRING = /wrangler\.toml:.*\[exports\.SessionObject\].*export \{ SessionObject \}/s;

let worker: Worker;
let older: Worker;
beforeAll(async () => {
  worker = await startWorker("test/platforms/objects-worker.ts", { bindings, migrations });
  // The oldest date that works, and the day before it.
  older = await startWorker("test/platforms/objects-worker.ts", { bindings, migrations, compatibilityDate: "2024-04-03" });
});

it("the class of the library works, also with the oldest compatibility date that the documentation names", async () => {
  for (const one of [worker, older]) expect(await text(one, "/SESSIONS")).toBe("in");
});

it("the day before it, the Worker is told which date it needs", async () => {
  const oldest = await startWorker("test/platforms/objects-worker.ts", { bindings, migrations, compatibilityDate: "2024-04-02" });
  expect(await text(oldest, "/SESSIONS")).toBe(
    "ERR_OPTION: Cannot keep sessions in Durable Objects: this Worker cannot call methods of objects. " +
      "Its compatibility_date must be 2024-04-03 or later",
  );
});

it.each([
  ["/OTHER", "the class is not SessionObject"],
  ["/PLAIN", "the class is not SessionObject"],
  ["/MISSING", "the binding is missing"],
])("a binding of another class, or none, is told which lines to add: %s", async (path, what) => {
  const said = await text(worker, path);
  expect(said).toContain(`ERR_OPTION: Cannot keep sessions in Durable Objects: ${what}. Add to wrangler.toml:`);
  expect(said).toMatch(WIRING);
});

it("a class under new_classes is told that it has no SQLite, and how to give it one", async () => {
  const said = await text(worker, "/NEW_CLASSES");
  expect(said).toContain("ERR_OPTION: Cannot keep sessions in Durable Objects: the class has no SQLite.");
  expect(said).toContain("under new_sqlite_classes, not new_classes");
  expect(said).not.toContain("is not SessionObject");
});

it("so is a class of which the configuration says nothing", async () => {
  const bare = await startWorker("test/platforms/objects-worker.ts", {
    bindings: { SESSIONS: bindings.SESSIONS, SECRET: bindings.SECRET },
  });
  expect(await text(bare, "/SESSIONS")).toContain("Cannot keep sessions in Durable Objects: the class has no SQLite.");
});
