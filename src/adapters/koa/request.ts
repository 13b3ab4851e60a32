/**
 * Koa's request in the form that the manager reads.
 *
 * @module
 */
import type { RequestInfo } from "../../index.ts";

interface Context {
  readonly req: {
    readonly method?: string | undefined;
    readonly headers: { readonly [name: string]: string | string[] | undefined };
  };
  readonly secure: boolean;
}

/** One request. A class, as it is created for every request. */
export class KoaRequest implements RequestInfo {
  private readonly context: Context;

  constructor(context: Context) {
    this.context = context;
  }

  get method(): string | undefined {
    return this.context.req.method;
  }

  /** Only as complete as needed to tell http from https. */
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
