/** The page of a user's sessions with Durable Objects: an open page is told when its session ends. */
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { devices } from "../../src/devices/fetch.ts";
import { watch } from "../../src/features/watch.ts";
import { createSessions } from "../../src/index.ts";
import { durableObject } from "../../src/stores/durable-object/index.ts";
import { Browser } from "../support/browser.ts";
import { Device, PAGE } from "../support/device.ts";
import { SECRET } from "../support/secrets.ts";
import { Page } from "./page.ts";

const sessions = createSessions({ secrets: SECRET, store: durableObject(env.SESSIONS), anonymous: "cookie" });
const page = devices(sessions, { watch });
const app = sessions.handler((request, session) => {
  const { pathname, searchParams } = new URL(request.url);
  const [user, device] = ["user", "device"].map((name) => searchParams.get(name) ?? "");
  if (pathname === "/login") session.login(user as string, { meta: { device: device as string } });
  return Response.json({ user: session.subject ?? "nobody", id: session.id });
});
const serve = (request: Request) => (new URL(request.url).pathname === PAGE ? page(request) : app(request));

async function loggedIn(device: string): Promise<Device> {
  const browser = new Device(new Browser(serve));
  await browser.logIn("watching-devices", device);
  return browser;
}

const watching = (device: Device, origin = "https://app.example.com") =>
  device.ask("?watch", { headers: { Upgrade: "websocket", Origin: origin } });

it("tells the page of the session that was ended, and not the one that ended it", async () => {
  const [here, there] = [await loggedIn("A"), await loggedIn("B")];
  expect(await here.page()).toContain(' data-watch="1"');
  const [mine, other] = [new Page(await watching(here)), new Page(await watching(there))];
  expect([await mine.state(), await other.state()]).toEqual(["open", "open"]);
  expect(await here.ends("B")).toContain("Ended:");
  expect(await other.closed).toBe(4401);
  expect(await mine.state()).toBe("open");
  expect(await there.who()).toBe("nobody");
  expect((await watching(here, "https://evil.example")).status).toBe(403);
  expect((await here.ask("?watch")).status).toBe(426);
  mine.leave();
});
