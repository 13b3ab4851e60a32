/**
 * The keys of the Deno KV store.
 *
 * - `[prefix, "s", id, "head"]`: whose session it is, or where it moved.
 *   Changes when the session moves or ends, and rarely otherwise.
 * - `[prefix, "s", id, born, "body", part]`: data, version and times. `born` is random
 *   for each head, so that the rest of an earlier head with the same id never counts.
 * - `[prefix, "s", id, born, "late", nonce, part]`: a late change, which met another
 *   one. It waits beside the body, and the next change of the body applies it.
 * - `[prefix, "s", id, born, "pulse"]`: set with each late change, so that changes of the body notice it.
 * - `[prefix, "u", subject, "of", id]`: a session of a subject.
 *   `[prefix, "u", subject, "pulse"]`: set with each of these.
 *
 * Keys consist only of our own words, ids and hashes. The keys
 * of the data, which may be any string, are part of values.
 *
 * @module
 */
import { routeOf } from "../../stored/route.ts";
import type { DenoKvKey } from "./client.ts";

export class Keys {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

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

  /** The prefix of all keys of a subject. It is hashed, as it may be any string. */
  async subject(subject: string): Promise<DenoKvKey> {
    return [this.#prefix, "u", await routeOf(subject, "")];
  }
}
