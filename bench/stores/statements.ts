/**
 * Counts statements at a client of an SQL server. The client sends a statement after the reply to the previous one,
 * so each is a round trip. Some clients also prepare each statement once per connection, which is not counted.
 *
 * @module
 */
import type { Traffic } from "./database.ts";

/** What was sent by the connections that are counted. */
export class Statements {
  #words: string[] = [];

  /** Counts at a connection, by each of its methods that sends a statement. */
  watch(connection: object, ...methods: readonly string[]): void {
    const target = connection as Record<string, (...given: unknown[]) => unknown>;
    for (const name of methods) {
      const send = target[name] as (...given: unknown[]) => unknown;
      target[name] = (...given) => {
        this.#words.push(firstWord(given[0]));
        return send.apply(connection, given);
      };
    }
  }

  /** What was sent since this was called last. */
  readonly traffic = (): Traffic => {
    const words = this.#words;
    this.#words = [];
    return { turns: words.length, words };
  };
}

/** Of a text, or of the options that have it. */
function firstWord(statement: unknown): string {
  const { text, sql } = (statement ?? {}) as { text?: string; sql?: string };
  return (/\w+/.exec(typeof statement === "string" ? statement : (text ?? sql ?? ""))?.[0] ?? "").toUpperCase();
}
