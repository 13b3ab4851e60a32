/** A browser that keeps cookies apart as browsers do: by name, domain, path and partition (RFC 6265bis, section 5.7; CHIPS). */
import type { Serve } from "./browser.ts";

interface Held {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

/** A browser on the host app.example.com. */
export class Jar {
  readonly #held = new Map<string, Held>();
  #serve: Serve;

  constructor(serve: Serve) {
    this.#serve = serve;
  }

  /** From now on another version of the application answers. */
  becomes(serve: Serve): void {
    this.#serve = serve;
  }

  /** The names of the cookies it has, one for each cookie. */
  get names(): string[] {
    return [...this.#held.values()].map(({ name }) => name);
  }

  async visit(path: string, init: RequestInit = {}): Promise<Response> {
    const response = await this.ask(path, init);
    this.receive(response);
    return response;
  }

  async ask(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    const sent = [...this.#held.values()].filter((held) => path === held.path || path.startsWith(held.path.replace(/\/?$/, "/")));
    // Longer paths come first: RFC 6265bis, section 5.8.3.
    sent.sort((left, right) => right.path.length - left.path.length);
    if (sent.length > 0) headers.set("Cookie", sent.map(({ name, value }) => `${name}=${value}`).join("; "));
    return this.#serve(new Request(`https://app.example.com${path}`, { ...init, headers }));
  }

  receive(response: Response): void {
    for (const line of response.headers.getSetCookie()) this.set(line);
  }

  /** A Set-Cookie line arrives, from this host or from another one below the domain. */
  set(line: string): void {
    const [pair = "", ...attributes] = line.split("; ");
    const at = pair.indexOf("=");
    const name = pair.slice(0, at);
    const get = (key: string) => attributes.find((text) => text.startsWith(`${key}=`))?.slice(key.length + 1);
    const path = get("Path") ?? "/";
    if (/^__Host-/.test(name) && (get("Domain") !== undefined || path !== "/" || !attributes.includes("Secure"))) return;
    if (/^__Host-Http-/.test(name) && !attributes.includes("HttpOnly")) return;
    const key = [name, get("Domain") ?? "", path, attributes.includes("Partitioned")].join("\n");
    if (get("Max-Age") === "0") this.#held.delete(key);
    else this.#held.set(key, { name, value: pair.slice(at + 1), path });
  }
}
