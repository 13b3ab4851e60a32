/** The playground inside workerd, as `npm start` serves it: the same stories for every store. */
import { exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { faultsOf } from "../examples/hostile-visitor.ts";
import { calls, items, sessionsOf, Visitor } from "../examples/playground-visitor.ts";
import { userCookie } from "../support/cookie-names.ts";
import { Page } from "./page.ts";

const ORIGIN = "https://app.example.com";
const ANDROID =
  "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36 EdgA/142.0";

const visit = (path: string, userAgent?: string) => new Visitor((request) => exports.default.fetch(request), path, userAgent);
let users = 0;
const newUser = () => `Zoë <b> & "co" ${users++}`;
const escaped = (name: string) =>
  name.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const PLACES = [
  { path: "", name: "session", lists: true, watches: true, atomic: true, late: false },
  { path: "/copy", name: "copied", lists: true, watches: true, atomic: true, late: true },
  { path: "/kv", name: "kv", lists: true, watches: false, atomic: false, late: false },
  { path: "/d1", name: "d1", lists: true, watches: false, atomic: true, late: false },
  { path: "/cookie", name: "cookie", lists: false, watches: false, atomic: false, late: false },
];

for (const { path, name, lists, watches, atomic, late } of PLACES) {
  describe(`the playground at ${path}/`, () => {
    async function loggedIn(user: string, userAgent?: string): Promise<Visitor> {
      const visitor = visit(path, userAgent);
      await visitor.does("/login", { name: user, remember: "on" });
      return visitor;
    }

    it("answers whatever a client sends, and goes on", async () => {
      const visitor = await loggedIn(newUser());
      expect(await faultsOf(visitor)).toEqual([]);
      expect(items(await visit(path).does("/cart-add", { item: "pear" }))).toEqual(["pear"]);
    });

    it("counts a visitor's views", async () => {
      const visitor = visit(path);
      expect(await visitor.page()).toContain("<strong>1</strong> time");
      expect(await visitor.page()).toContain("<strong>2</strong> times");
      expect(await visit(path).page()).toContain("<strong>1</strong> time");
    });

    it("logs in and out, and says so once; the cookie is the user's own", async () => {
      const [visitor, user] = [visit(path), newUser()];
      await visitor.does("/cart-add", { item: "apple" });
      const page = await visitor.does("/login", { name: user, remember: "on" });
      expect(page).toContain(`Welcome, ${escaped(user)}!`);
      expect(page).toContain(`You are <strong>${escaped(user)}</strong>`);
      expect(items(page)).toEqual(["apple"]);
      expect([...visitor.browser.cookies.keys()].filter((key) => !key.endsWith("-copy"))).toEqual([userCookie(name)]);
      expect(await visitor.page()).not.toContain("Welcome");
      const after = await visitor.does("/logout");
      expect(after).toContain("You are logged out.");
      expect(after).toContain("You are not logged in.");
      expect(items(after)).toEqual([]);
    });

    it("forgets with the browser who does not want to stay logged in", async () => {
      const cookie = async (fields: Record<string, string>) =>
        (await visit(path).form("/login", { name: newUser(), ...fields })).headers
          .getSetCookie()
          .find((line) => line.startsWith(`${userCookie(name)}=`));
      expect(await cookie({ remember: "on" })).toContain("Max-Age=");
      expect(await cookie({})).not.toContain("Max-Age=");
    });

    it("keeps what is added and removed, as text", async () => {
      const visitor = await loggedIn(newUser());
      await visitor.does("/cart-add", { item: "<script>alert(1)</script>" });
      expect(items(await visitor.does("/cart-add", { item: "apple" }))).toEqual([
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "apple",
      ]);
      expect(items(await visitor.does("/cart-remove", { item: "<script>alert(1)</script>" }))).toEqual(["apple"]);
      expect(await visitor.does("/cart-add", { item: " " })).toContain("Please enter an item.");
      for (let more = 0; more < 11; more++)
        await visitor.form("/cart-add", { item: "é€😀".repeat(10) }).then((r) => visitor.browser.receive(r));
      expect(await visitor.does("/cart-add", { item: "one too many" })).toContain("The cart is full");
    });

    it("goes on under a new id", async () => {
      const visitor = await loggedIn(newUser());
      const before = visitor.browser.cookies.get(userCookie(name))?.value;
      expect(await visitor.does("/new-id")).toContain("The session has a new id.");
      expect(visitor.browser.cookies.get(userCookie(name))?.value).not.toBe(before);
    });

    it("asks no other place, and is asked by none", async () => {
      const user = newUser();
      const visitor = await loggedIn(user);
      for (const other of PLACES.filter((place) => place.path !== path)) {
        const there = visit(other.path);
        for (const [key, held] of visitor.browser.cookies) there.browser.cookies.set(key, held);
        expect(await there.page()).toContain("You are not logged in.");
        await there.does("/login", { name: user });
        if (other.lists) expect(await sessionsOf(there).devices()).toHaveLength(1);
      }
    });

    if (atomic) {
      it("loses nothing that two windows put into the cart at the same time", async () => {
        const visitor = await loggedIn(newUser());
        const things = ["apple", "bread", "cheese", "dates", "eggs", "figs"];
        await Promise.all(things.map((item) => visitor.form("/cart-add", { item })));
        // What a copy has may be older: the first page that writes sees that others wrote, and drops it.
        if (late) await visitor.page();
        expect(items(await visitor.page()).sort()).toEqual(things);
      });
    }

    it("keeps what the store promises of five changes at once, and the usual way one", async () => {
      const kept = async (lane: string) => {
        const visitor = visit(path);
        visitor.browser.receive(await visitor.form(`/${lane}/start`));
        const answers = await Promise.all(["1", "2", "3", "4", "5"].map((step) => visitor.form(`/${lane}/${step}`)));
        for (const answer of answers) visitor.browser.receive(answer);
        expect((await visitor.form(`/${lane}/6`)).status).toBe(404);
        return ((await (await visitor.ask(`/${lane}/kept`)).json()) as string[]).length;
      };
      if (atomic) expect(await kept("race")).toBe(5);
      else expect(await kept("race")).toBeLessThan(5);
      expect(await kept("usual")).toBe(1);
    });

    if (!lists) {
      it("says that the server does not know the sessions of a user", async () => {
        const visitor = await loggedIn(newUser());
        expect(await visitor.page()).toContain("the server does not know your sessions");
      });
      return;
    }

    it("lists the user's sessions with their devices, this browser first", async () => {
      const user = newUser();
      await loggedIn(user, ANDROID);
      const visitor = await loggedIn(user);
      expect(await sessionsOf(visitor).devices()).toEqual(["Firefox on Linux", "Edge on Android"]);
    });

    it("ends one session, and not that of another user", async () => {
      const user = newUser();
      const [here, there, mallory] = [await loggedIn(user), await loggedIn(user, ANDROID), await loggedIn(newUser())];
      const sessions = sessionsOf(here);
      const handle = await sessions.handleOf("Edge on Android");
      expect(await sessionsOf(mallory).posts(handle)).toContain("Nothing was ended");
      expect((await sessionsOf(visit(path)).ask(`?end=${handle}`, { method: "POST" })).status).toBe(401);
      expect(await sessions.devices()).toHaveLength(2);
      expect(await sessions.posts(handle)).toContain("Ended:");
      expect(await sessions.devices()).toEqual(["Firefox on Linux"]);
      // A copy answers for a minute.
      if (!late) expect(await there.page("/look")).toContain("not logged in");
    });

    it("ends all others", async () => {
      const user = newUser();
      const [here, ...others] = [await loggedIn(user), await loggedIn(user), await loggedIn(user)];
      expect(await sessionsOf(here).ends("others")).toContain("All other sessions were ended: 2");
      expect(await here.page()).toContain(`You are <strong>${escaped(user)}</strong>`);
      if (!late) for (const other of others) expect(await other.page()).toContain("You are not logged in.");
    });

    it("goes on without the user after a logout from elsewhere, also where a copy is still good", async () => {
      const user = newUser();
      const [here, there] = [await loggedIn(user), await loggedIn(user)];
      await sessionsOf(here).ends("others");
      there.browser.receive(await there.ask("/ended"));
      expect(await there.page()).toContain("You are not logged in.");
    });

    it("has two browsers in it, of which one ends the session of the other", async () => {
      const [left, right] = [visit(`${path}/left`), visit(`${path}/right`)];
      const user = newUser();
      for (const side of [left, right]) side.browser.receive(await side.form("/login", { name: user }));
      expect(await sessionsOf(left).devices()).toEqual(["Left browser", "Right browser"]);
      expect(await sessionsOf(left).ends("Right browser")).toContain("Ended:");
      expect((await sessionsOf(right).ask("")).headers.get("Location")).toBe(`${path}/right/`);
      expect(await sessionsOf(left).devices()).toEqual(["Left browser"]);
    });

    if (!watches) return;

    it("tells the other window at once, and not this one", async () => {
      const user = newUser();
      const [here, there] = [await loggedIn(user), await loggedIn(user)];
      const watching = async (visitor: Visitor) =>
        new Page(await visitor.ask("/watch", { headers: { Upgrade: "websocket", Origin: ORIGIN } }));
      expect(await here.page()).toContain(`data-watch="${path}/watch"`);
      const [mine, other] = [await watching(here), await watching(there)];
      expect(await other.state()).toBe("open");
      await sessionsOf(here).ends("others");
      expect(await other.closed).toBe(4401);
      expect(await mine.state()).toBe("open");
      mine.leave();
    });
  });
}

describe("the playground", () => {
  it("shows what each request came to", async () => {
    const stored = await loggedInAt("");
    expect(calls(await stored.page())).toEqual([["load", "update"]]);
    expect(calls(await stored.page("/look"))).toEqual([["load"]]);
    const copied = await loggedInAt("/copy");
    expect(calls(await copied.page("/look"))).toEqual([[]]);
    const page = await copied.does("/cart-add", { item: "pear" });
    expect(calls(page)).toEqual([["load", "update"], ["update"]]);
    expect(page).toContain("<code>POST /copy/cart-add</code>");
    expect(await copied.page()).not.toContain("<code>POST");
  });

  it("shows a report that somebody wrote himself as text, or not at all", async () => {
    const visitor = visit("");
    const report = {
      request: "<img src=x>",
      milliseconds: 1,
      events: ["<i>"],
      calls: [{ name: "<i>", milliseconds: 1 }],
      received: [{ name: "<i>", bytes: 1, note: "<i>" }],
      set: [],
    };
    for (const value of [report, null, "text", { ...report, calls: [null] }, { ...report, milliseconds: "<i>" }]) {
      visitor.browser.cookies.set("playground-report", {
        value: encodeURIComponent(JSON.stringify(value)),
        endsAt: Number.POSITIVE_INFINITY,
      });
      const page = await visitor.page();
      expect(page).not.toMatch(/<img|<i>/);
      expect(page.includes("&lt;img src=x&gt;")).toBe(value === report);
    }
    visitor.browser.cookies.set("playground-report", { value: "%", endsAt: Number.POSITIVE_INFINITY });
    await visitor.page();
  });

  it("refuses a form and a WebSocket of another website, and a form that is too long", async () => {
    const visitor = await loggedInAt("");
    const evil = { Origin: "https://evil.example" };
    expect((await visitor.form("/logout", {}, evil)).status).toBe(403);
    expect((await visitor.ask("/watch", { headers: { ...evil, Upgrade: "websocket" } })).status).toBe(403);
    expect((await visitor.form("/cart-add", { item: "x".repeat(20_000) })).status).toBe(413);
    expect(await visitor.page()).toContain("You are <strong>");
  });

  it("lets nothing run in its pages that does not come from it, and no cache keep them", async () => {
    const response = await visit("").ask("/");
    expect(response.headers.get("Content-Security-Policy")).toContain("default-src 'none'; script-src 'self'");
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    expect(await response.text()).not.toMatch(/ (style|on\w+)="|<script(?! src="\/)/);
    expect((await visit("/nowhere").ask("/")).status).toBe(404);
  });

  async function loggedInAt(path: string): Promise<Visitor> {
    const visitor = visit(path);
    await visitor.does("/login", { name: newUser() });
    await visitor.page();
    return visitor;
  }
});
