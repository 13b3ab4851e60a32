/** An application in several locations over one simulated KV, and one user whose cookie may be used in all of them. */
import { createSessions, type Session, type SessionSnapshot, type Sessions } from "../../src/index.ts";
import { type KvStore, kv } from "../../src/stores/kv/index.ts";
import { Browser } from "./browser.ts";
import { Clock } from "./clock.ts";
import { type KvConditions, KvSimulator } from "./kv-simulator.ts";
import { SECRET } from "./secrets.ts";

/** What one request does. */
export type Act = (session: Session) => unknown;

/** A request that has loaded its session and is not answered yet. */
export interface Started {
  /** Does what it is to do, and answers. Gives the Cookie header of a browser that got the answer. */
  finish(): Promise<string>;
}

interface Place {
  readonly store: KvStore;
  readonly sessions: Sessions;
  readonly serve: (request: Request) => Promise<Response>;
}

export class World {
  readonly clock = new Clock();
  readonly network: KvSimulator;
  readonly #places = new Map<string, Place>();
  readonly #acts = new Map<string, { act: Act; loaded(): void; go: Promise<void> }>();

  constructor(conditions: Partial<KvConditions> = {}) {
    this.network = new KvSimulator({ now: this.clock.now, ...conditions });
  }

  /** The application in one location. */
  at(location: string): Place {
    const known = this.#places.get(location);
    if (known !== undefined) return known;
    const sleep = async (milliseconds: number) => this.clock.pass(milliseconds / 1000);
    const store = kv(this.network.at(location), { sleep });
    const sessions = createSessions({ secrets: SECRET, store, now: this.clock.now });
    const serve = sessions.handler(async (request, session) => {
      const request_ = this.#acts.get(new URL(request.url).pathname);
      request_?.loaded();
      await request_?.go;
      await request_?.act(session);
      return new Response();
    });
    const place = { store, sessions, serve };
    this.#places.set(location, place);
    return place;
  }

  /** Sends a request to a location, and holds it once its session is loaded. */
  async start(location: string, cookie: string, act: Act): Promise<Started> {
    const path = `/${this.#acts.size}`;
    const browser = new Browser(this.at(location).serve, this.clock);
    let open = () => {};
    const go = new Promise<void>((resolve) => {
      open = resolve;
    });
    let answered: Promise<Response> | undefined;
    await new Promise<void>((loaded, failed) => {
      this.#acts.set(path, { act, loaded, go });
      answered = browser.ask(path, { headers: { Cookie: cookie } });
      answered.catch(failed);
    });
    return {
      finish: async () => {
        open();
        browser.receive((await answered) as Response);
        return browser.cookieHeader();
      },
    };
  }

  /** A whole request; gives the Cookie header after it, or the one before it if the answer set none. */
  async does(location: string, cookie: string, act: Act): Promise<string> {
    const after = await (await this.start(location, cookie, act)).finish();
    return after === "" ? cookie : after;
  }

  /** What a location shows of the session, without using it. */
  read(location: string, cookie: string): Promise<SessionSnapshot | null> {
    return this.at(location).sessions.read(new Request("https://app.example.com/", { headers: { Cookie: cookie } }));
  }

  /** Who a location says it is. */
  async who(location: string, cookie: string): Promise<string> {
    return (await this.read(location, cookie))?.subject ?? "nobody";
  }

  /** For how many seconds from now on the location says this; at most `most`, and more than ten minutes are looked at by the minute. */
  async lasts(location: string, cookie: string, subject: string, most = 600): Promise<number> {
    const from = this.clock.now();
    const step = most > 600 ? 60 : 1;
    while (this.clock.now() - from < most && (await this.who(location, cookie)) === subject) this.clock.pass(step);
    return this.clock.now() - from;
  }
}
