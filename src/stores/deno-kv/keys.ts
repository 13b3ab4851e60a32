/**
 * Where things are in Deno KV.
 *
 * - `[prefix, "s", id, "head"]`: who a session is of, or where it went. Changed by whatever moves or ends it, and seldom else.
 * - `[prefix, "s", id, born, "body", part]`: its data, version and times. `born` is drawn when the head is made: what is left of an
 *   earlier head of the same id never counts.
 * - `[prefix, "s", id, born, "late", nonce, part]`: a change that met another one. It is put beside the body, and whoever changes the body next
 *   takes it in.
 * - `[prefix, "s", id, born, "pulse"]`: set with each late change, so that whoever changes the body sees that there is one.
 * - `[prefix, "u", subject, "of", id]`: that a session is a subject's. `[prefix, "u", subject, "pulse"]`: set with each of these.
 *
 * All keys are made of ids, hashes and words of ours: the data's keys, which may be any text, stand in values.
 *
 * @module
 */
import { routeOf } from "../../stored/route.ts";
import type { DenoKvKey } from "./client.ts";

/** The keys of one store. */
export class Keys {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Before all of a session. */
  session(id: string): DenoKvKey {
    return [this.#prefix, "s", id];
  }

  head(id: string): DenoKvKey {
    return [...this.session(id), "head"];
  }

  body(id: string, born: string): DenoKvKey {
    return [...this.session(id), born, "body"];
  }

  late(id: string, born: string, nonce: string): DenoKvKey {
    return [...this.session(id), born, "late", nonce];
  }

  pulse(id: string, born: string): DenoKvKey {
    return [...this.session(id), born, "pulse"];
  }

  /** Before all that is known of a subject, which may be any text. */
  async subject(subject: string): Promise<DenoKvKey> {
    return [this.#prefix, "u", await routeOf(subject, "")];
  }
}
