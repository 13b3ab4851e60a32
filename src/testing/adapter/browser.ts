/**
 * A browser, as far as cookies go. Sends the cookies it holds
 * and applies responses when the test says so, in any order.
 *
 * @module
 */
import type { Clock } from "./clock.ts";

/** Whatever handles requests: a handler, an app's fetch, or a server. */
export type Serve = (request: Request) => Response | Promise<Response>;

interface Held {
  readonly value: string;
  readonly endsAt: number;
}

const MAX_COOKIE_BYTES = 4096;

export class Browser {
  readonly cookies: Map<string, Held> = new Map();
  readonly #serve: Serve;
  readonly #clock: Clock | undefined;

  constructor(serve: Serve, clock?: Clock) {
    this.#serve = serve;
    this.#clock = clock;
  }

  /** Sends a request and applies the response. */
  async visit(path: string, init: RequestInit = {}): Promise<Response> {
    const response = await this.ask(path, init);
    this.receive(response);
    return response;
  }

  /** Sends a request with its current cookies, or those in `init`, without applying the response yet. */
  async ask(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    const cookie = this.cookieHeader();
    if (cookie !== "" && !headers.has("Cookie")) headers.set("Cookie", cookie);
    return this.#serve(new Request(`https://app.example.com${path}`, { ...init, headers }));
  }

  /** Applies a response's Set-Cookie lines as browsers do. */
  receive(response: Response): void {
    for (const line of response.headers.getSetCookie()) this.#store(line);
  }

  /** Adds cookies, `name=value` each, until the browser is closed. */
  hold(cookies: string): this {
    for (const pair of cookies.split("; ")) {
      const at = pair.indexOf("=");
      this.cookies.set(pair.slice(0, at), { value: pair.slice(at + 1), endsAt: Number.POSITIVE_INFINITY });
    }
    return this;
  }

  cookieHeader(): string {
    const now = this.#clock?.now() ?? 0;
    return [...this.cookies]
      .filter(([, { endsAt }]) => endsAt > now)
      .map(([name, { value }]) => `${name}=${value}`)
      .join("; ");
  }

  /** Another browser with the same cookies, as if someone had copied them. */
  copy(): Browser {
    const twin = new Browser(this.#serve, this.#clock);
    for (const [name, held] of this.cookies) twin.cookies.set(name, held);
    return twin;
  }

  #store(line: string): void {
    const [pair = "", ...attributes] = line.split("; ");
    const name = pair.slice(0, pair.indexOf("="));
    const value = pair.slice(pair.indexOf("=") + 1);
    if (name.length + value.length > MAX_COOKIE_BYTES) return;
    if (name.startsWith("__Host-") && !(attributes.includes("Path=/") && attributes.includes("Secure"))) return;
    if (name.startsWith("__Host-") && attributes.some((attribute) => attribute.startsWith("Domain="))) return;
    if (name.startsWith("__Host-Http-") && !attributes.includes("HttpOnly")) return;
    const endsAt = this.#endOf(attributes);
    if (endsAt <= (this.#clock?.now() ?? 0)) this.cookies.delete(name);
    else this.cookies.set(name, { value, endsAt });
  }

  /** Max-Age takes precedence over Expires. A cookie with neither lasts until the browser closes. */
  #endOf(attributes: string[]): number {
    const attribute = (key: string) => attributes.find((text) => text.toLowerCase().startsWith(`${key}=`))?.slice(key.length + 1);
    const maxAge = attribute("max-age");
    if (maxAge !== undefined) return (this.#clock?.now() ?? 0) + Number(maxAge);
    const expires = attribute("expires");
    return expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(expires) / 1000;
  }
}
