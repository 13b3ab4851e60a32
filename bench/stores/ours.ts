/**
 * web-session-store in each of its adapters, its sessions in a database.
 *
 * @module
 */
import type { BackedStore, SessionOptions } from "../../dist/index.js";
import { nodeCrypto } from "../../dist/node.js";
import { ourFetch, ourHono, ourKoa } from "../contenders/ours.ts";
import { SECRET } from "../contenders/secrets.ts";
import type { App } from "../harness/app.ts";
import type { StoredContender } from "./database.ts";

/** As old as they may become: in their applications the clock hurries. */
const OLD = { idleTimeout: 34_560_000, absoluteTimeout: 34_560_000 };
const TOUCH_EVERY = 1000;

/** Koa takes Node's cryptography by itself. */
const ADAPTERS: readonly (readonly [name: string, app: (options: SessionOptions) => App])[] = [
  ["fetch", (options) => ourFetch({ ...options, crypto: nodeCrypto })],
  ["Hono", (options) => ourHono({ ...options, crypto: nodeCrypto })],
  ["Koa", ourKoa],
];

/** A row for each adapter. @param suffix What tells these rows from others of the same database. */
export function ourRows<Link>(storeOf: (link: Link) => Promise<BackedStore>, suffix = ""): StoredContender<Link>[] {
  return ADAPTERS.map(([name, app]) => ({
    name: `ours: ${name}${suffix}`,
    ours: true,
    async app(link, setting) {
      const options = { secrets: SECRET, store: await storeOf(link), lazy: setting.includes("lazy") };
      if (!setting.includes("touching")) return app(options);
      const clock = new HurryingClock();
      return clock.among(app({ ...options, ...OLD, touchEvery: TOUCH_EVERY, now: clock.now }));
    },
  }));
}

/**
 * A clock by which every session that comes was last used long enough ago to write its use down: those that are timed come again
 * after more than 32 others, and half of that are on their way at the same time.
 */
class HurryingClock {
  #now = Math.floor(Date.now() / 1000);
  readonly now = () => this.#now;

  /** The application, by this clock. */
  among(app: App): App {
    return {
      ask: (path, cookie) => {
        this.#now += 2 * TOUCH_EVERY;
        return app.ask(path, cookie);
      },
      ready: (path, cookie) => {
        const send = app.ready(path, cookie);
        return () => {
          this.#now += TOUCH_EVERY / 32;
          return send();
        };
      },
    };
  }
}
