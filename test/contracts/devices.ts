/** What the page of a user's sessions does, with every adapter: stories of several browsers. */
import { describe, expect, it } from "vitest";
import type { DevicesOptions } from "../../src/devices/fetch.ts";
import { Browser, type Serve } from "../support/browser.ts";
import { Clock, HOUR } from "../support/clock.ts";
import { Device } from "../support/device.ts";

/**
 * An application with memory(): POST /login?user=&device= logs in, /who says who is there and counts as use, and the page is at
 * /account/sessions.
 */
export type DevicesApp = (options: Omit<DevicesOptions<unknown>, "watch">, now: () => number) => Serve;

export function devicesContract(adapter: string, makeApp: DevicesApp): void {
  const start = (options: Omit<DevicesOptions<unknown>, "watch"> = {}) => {
    const clock = new Clock();
    const serve = makeApp(options, clock.now);
    const loggedIn = async (user: string, device: string) => {
      const browser = new Device(new Browser(serve, clock));
      await browser.logIn(user, device);
      return browser;
    };
    return { clock, loggedIn, stranger: () => new Device(new Browser(serve, clock)) };
  };

  describe(`devices, ${adapter}`, () => {
    it("shows the user's own sessions, this one marked and first, with when they began and were seen", async () => {
      const { clock, loggedIn } = start();
      const phone = await loggedIn("ada", "Firefox on Android");
      await loggedIn("bob", "Safari on iOS");
      clock.pass(HOUR);
      const laptop = await loggedIn("ada", "Chrome on Linux");
      clock.pass(7 * HOUR);
      await phone.who();
      expect(await laptop.rows()).toEqual([
        { device: "Chrome on Linux", current: true, times: [clock.now() - 7 * HOUR] },
        { device: "Firefox on Android", current: false, times: [clock.now() - 8 * HOUR, clock.now()] },
      ]);
    });

    it("ends one session of another browser, says so once, and leaves the others", async () => {
      const { loggedIn } = start();
      const [here, there, third] = [await loggedIn("ada", "A"), await loggedIn("ada", "B"), await loggedIn("ada", "C")];
      const page = await here.ends("B");
      expect(page).toContain("Ended: \u2068B\u2069");
      expect(await here.devices()).toEqual(["A", "C"]);
      expect(await here.page()).not.toContain("Ended:");
      expect([await here.who(), await there.who(), await third.who()]).toEqual(["ada", "nobody", "ada"]);
    });

    it("ends all others, and counts them", async () => {
      const { loggedIn } = start();
      const [here, there, bob] = [await loggedIn("ada", "A"), await loggedIn("ada", "B"), await loggedIn("bob", "C")];
      await loggedIn("ada", "D");
      expect(await here.ends("others")).toContain("All other sessions were ended: 2");
      expect(await here.devices()).toEqual(["A"]);
      expect(await here.page()).not.toContain("End all others");
      expect([await here.who(), await there.who(), await bob.who()]).toEqual(["ada", "nobody", "bob"]);
    });

    it("ends no session of another user, whatever the form says", async () => {
      const { loggedIn } = start();
      const [ada, mallory] = [await loggedIn("ada", "A"), await loggedIn("mallory", "M")];
      const other = await loggedIn("ada", "B");
      const handle = await ada.handleOf("B");
      const { id } = await other.session();
      for (const which of [handle, id, "", "undefined", "__proto__", "%00", "others2", "a".repeat(9000)])
        expect(await mallory.posts(which)).toContain("Nothing was ended");
      expect(await mallory.posts("others")).toContain("All other sessions were ended: 0");
      expect([await ada.who(), await other.who(), await mallory.who()]).toEqual(["ada", "ada", "mallory"]);
    });

    it("has no id in it, takes none, and does not end the session that asks", async () => {
      const { loggedIn } = start();
      const [here, there] = [await loggedIn("ada", "A"), await loggedIn("ada", "B")];
      const page = await here.page();
      for (const device of [here, there]) expect(page).not.toContain((await device.session()).id);
      expect(await here.posts((await there.session()).id)).toContain("Nothing was ended");
      expect(await here.posts(await there.handleOf("A"))).toContain("Nothing was ended");
      expect([await here.who(), await there.who()]).toEqual(["ada", "ada"]);
    });

    it("refuses the forms of other websites, and of none that is not a POST", async () => {
      const { loggedIn } = start();
      const [here, there] = [await loggedIn("ada", "A"), await loggedIn("ada", "B")];
      const query = `?end=${await here.handleOf("B")}`;
      const evil = [{ Origin: "https://evil.example" }, { "Sec-Fetch-Site": "cross-site" }, { "Sec-Fetch-Site": "same-site" }];
      for (const headers of evil) expect((await here.ask(query, { method: "POST", headers })).status).toBe(403);
      for (const headers of evil) expect((await here.ask("?end=others", { method: "POST", headers })).status).toBe(403);
      for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS"]) {
        const { status, headers } = await here.ask(query, { method });
        expect([status, headers.get("Allow")]).toEqual([405, "GET, HEAD, POST"]);
      }
      for (const method of ["GET", "HEAD"])
        for (const which of [query, "?end=others"]) expect((await here.ask(which, { method })).status).toBe(200);
      expect([await here.who(), await there.who()]).toEqual(["ada", "ada"]);
      expect(await here.devices()).toEqual(["A", "B"]);
    });

    it("says 401 to those who are not logged in, or sends them to log in", async () => {
      const stranger = start().stranger();
      const refused = await stranger.ask("");
      expect([refused.status, refused.headers.get("Cache-Control")]).toEqual([401, "private, no-store"]);
      expect(await refused.text()).toContain("You are not logged in.");
      const led = start({ login: "/login?a=1&b=2" }).stranger();
      const { status, headers } = await led.ask("?end=others");
      expect([status, headers.get("Location")]).toEqual([303, "/login?a=1&b=2"]);
      const posted = await led.ask("?end=others", { method: "POST" });
      expect(posted.status).toBe(401);
      expect(await posted.text()).toContain('<a href="/login?a=1&#38;b=2">Log in again</a>');
      expect(posted.headers.getSetCookie()).toEqual([]);
    });

    it("shows whatever a client calls itself as text", async () => {
      const { loggedIn } = start();
      const names = [
        '<script>alert("1")</script>',
        "'><img src=x onerror=alert(1)>",
        "{device} {count} &amp; &#60;",
        "\u202Eevil",
      ];
      const here = await loggedIn("ada", "A");
      for (const name of names) await loggedIn("ada", name);
      expect((await here.devices()).sort()).toEqual(["A", ...names.slice(0, 3), "evil"].sort());
      expect(await here.page()).not.toMatch(/<script>|<img|\u202e/);
      for (const name of names.slice(0, 3)) expect(await here.ends(name)).not.toMatch(/<script>|<img/);
      expect(await here.devices()).toEqual(["A", "evil"]);
    });

    it("may be asked to end the same session by two browsers at once, and each other", async () => {
      const { loggedIn } = start();
      const [one, two] = [await loggedIn("ada", "A"), await loggedIn("ada", "B")];
      await loggedIn("ada", "C");
      const handle = await one.handleOf("C");
      const pages = await Promise.all([one.posts(handle), two.posts(handle)]);
      expect(pages.filter((page) => page.includes("Ended:")).length).toBeGreaterThan(0);
      expect(await one.devices()).toEqual(["A", "B"]);
      const answers = await Promise.all([one, two].map((device) => device.ask("?end=others", { method: "POST" })));
      expect(answers.every(({ status }) => status < 500)).toBe(true);
      const left = [await one.who(), await two.who()].filter((user) => user === "ada");
      expect(left.length).toBeLessThan(2);
    });

    it("knows a session that got a new id under that alone", async () => {
      const { loggedIn } = start();
      const [here, there] = [await loggedIn("ada", "A"), await loggedIn("ada", "B")];
      const before = await here.handleOf("B");
      await there.newId();
      expect(await here.posts(before)).toContain("Nothing was ended");
      expect(await there.who()).toBe("ada");
      expect(await here.ends("B")).toContain("Ended:");
      expect(await there.who()).toBe("nobody");
    });

    it("speaks other languages, and those of the request", async () => {
      const german = { lang: "de", title: "Deine Anmeldungen", times: "Seit {began}, zuletzt {seen}", end: "Beenden <jetzt>" };
      const { clock, loggedIn } = start({ texts: () => german });
      clock.pass(Date.UTC(2026, 2, 1, 12) / 1000 - clock.now());
      const here = await loggedIn("ada", "A");
      await loggedIn("ada", "B");
      const page = await here.page();
      expect(page).toContain('<html lang="de" dir="auto">');
      expect(page).toContain("<title>Deine Anmeldungen</title>");
      expect(page).toContain(">Beenden &#60;jetzt&#62;</button>");
      expect(page).toMatch(/Seit <time datetime="2026-03-01T12:00:00.000Z">01.03.2026, 12:00 UTC<\/time>, zuletzt <time/);
      expect(page).toContain("End all others");
    });

    it("can be told from its headers: nobody stores it, and nothing runs in it that is not its own", async () => {
      const here = await start().loggedIn("ada", "A");
      const { headers } = await here.ask("");
      expect(headers.get("Content-Type")).toMatch(/^text\/html; ?charset=utf-8$/);
      expect(headers.get("Cache-Control")).toMatch(/no-store/);
      expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
      expect(headers.get("Content-Security-Policy")).toMatch(/^default-src 'none';style-src 'self';script-src 'self'/);
      expect(await here.page()).not.toMatch(/ (style|on\w+)=|<script(?! src="\?script")/);
      const [style, script] = [await here.ask("?style"), await here.ask("?script")];
      expect([style, script].map((asset) => asset.headers.get("Content-Type"))).toEqual(["text/css", "text/javascript"]);
      expect(await style.text()).toContain(".devices{");
      const source = await script.text();
      expect(() => new Function(source)).not.toThrow();
    });

    it("is told whether its session goes on, and that is no use of it", async () => {
      const { clock, loggedIn } = start({ askEvery: 5 });
      const [here, there] = [await loggedIn("ada", "A"), await loggedIn("ada", "B")];
      expect(await here.page()).toContain(' data-ask="5"');
      expect((await there.ask("?alive")).status).toBe(200);
      clock.pass(13 * HOUR);
      expect((await there.ask("?alive")).status).toBe(200);
      await here.who();
      clock.pass(13 * HOUR);
      expect((await there.ask("?alive")).status).toBe(401);
      expect(await here.devices()).toEqual(["A"]);
    });

    it("answers whatever a client asks for", async () => {
      const here = await start().loggedIn("ada", "A");
      for (const query of ["?end", "?end=%FF", "?end=a&end=b", "?style&script&alive&watch", "?%00", `?${"a=1&".repeat(500)}`])
        for (const method of ["GET", "HEAD", "POST"]) expect((await here.ask(query, { method })).status).toBeLessThan(400);
      expect(await here.who()).toBe("ada");
    });
  });
}
