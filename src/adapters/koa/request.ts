/**
 * Koa's request, as the manager asks it.
 *
 * @module
 */
import type { RequestInfo } from "../../index.ts";

/** What is used of Koa's context. */
interface Context {
  readonly req: {
    readonly method?: string | undefined;
    readonly headers: { readonly [name: string]: string | string[] | undefined };
  };
  readonly secure: boolean;
}

/** One request. A class, because every request makes one. */
export class KoaRequest implements RequestInfo {
  private readonly context: Context;

  constructor(context: Context) {
    this.context = context;
  }

  get method(): string | undefined {
    return this.context.req.method;
  }

  /** As far as it tells how the request came. */
  get url(): string {
    return `http${this.context.secure ? "s" : ""}://${this.get("Host") ?? ""}/`;
  }

  get headers(): this {
    return this;
  }

  get(name: string): string | null {
    const value = this.context.req.headers[name.toLowerCase()];
    return value === undefined ? null : String(value);
  }
}
