/**
 * A visitor of an application under test, and a check that the application does what it is timed for.
 *
 * @module
 */
import { NAME } from "../contenders/deeds.ts";
import { type App, cookieHeader } from "../harness/app.ts";
import { verify } from "../harness/verify.ts";
import type { Setting } from "./database.ts";

/** The Cookie header of a visitor who has been to these paths, one after the other. */
export async function visit(app: App, paths: readonly string[], before = ""): Promise<string> {
  let cookie = before;
  for (const path of paths) {
    const { status, setCookie } = await app.ask(path, cookie || undefined);
    if (status !== 200) throw new Error(`Cannot time it: ${path} is answered with ${status}`);
    cookie = after(cookie, setCookie);
  }
  return cookie;
}

/** What a browser sends after it got these lines: a cookie without a value was taken away. */
function after(cookie: string, lines: readonly string[]): string {
  return cookieHeader([...cookie.split("; "), ...lines])
    .split("; ")
    .filter((pair) => !pair.endsWith("=") || pair.indexOf("=") < pair.length - 1)
    .join("; ");
}

/** Besides what every application is checked for: that a login and a logout are ones, and that a patch is read back. */
export async function verifyStored(app: App, setting: Setting): Promise<void> {
  await verify(app);
  const name = async (cookie: string) => (await app.ask("/read", cookie)).body;
  const visitor = await visit(app, ["/new"]);
  const user = await visit(app, ["/login"], visitor);
  expect(user !== visitor && (await name(user)) === NAME, "a login gives a new cookie, and the data comes along");
  expect((await name(visitor)) === "", "the visitor's session is gone after the login");
  const gone = await visit(app, ["/logout"], user);
  expect((await name(user)) === "" && (gone === "" || (await name(gone)) === ""), "after a logout the session is gone");
  if (!setting.includes("lazy")) return;
  const patched = await visit(app, ["/new"]);
  const { body } = await app.ask("/patch", patched);
  expect((await app.ask("/count", patched)).body === body, "what was patched is read back");
  expect((await name(patched)) === NAME, "what was not patched stays");
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`Cannot time it: it does not hold that ${what}`);
}
