/**
 * A TCP proxy in front of Redis that counts how often a client waits for a reply, and reads the names of its commands.
 *
 * It holds replies back for some milliseconds. Whatever a client sends without
 * waiting for a reply arrives in that time, and does not count as another round trip.
 *
 * @module
 */
import { connect, createServer, type Socket } from "node:net";
import type { Traffic } from "./database.ts";

export interface Wire {
  readonly port: number;
  /** What was sent since this was called last. */
  traffic(): Traffic;
  close(): Promise<void>;
}

/** Forwards connections to a port of this machine. @param holdMs How long answers are held back. */
export async function wireTo(target: number, holdMs = 5): Promise<Wire> {
  const sockets = new Set<Socket>();
  let turns = 0;
  let words: string[] = [];
  const server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1");
    let unread = "";
    let waits = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket.setNoDelay());
      socket.on("error", () => {}).on("close", () => [client, upstream].map((one) => one.destroy()));
    }
    client.on("data", (chunk) => {
      if (!waits) turns++;
      waits = true;
      unread = readCommands(unread + chunk.toString("latin1"), words);
      upstream.write(chunk);
    });
    upstream.on("data", (chunk) => {
      setTimeout(() => {
        waits = false;
        client.write(chunk);
      }, holdMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as { port: number }).port,
    traffic() {
      const found = { turns, words };
      turns = 0;
      words = [];
      return found;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/**
 * Adds the names of all commands that are whole to `words`, and gives the text that is left. A command is an array of byte strings,
 * with the length before each: `*2\r\n$3\r\nGET\r\n$1\r\na\r\n`.
 *
 * @param text A character for each byte.
 */
export function readCommands(text: string, words: string[]): string {
  let left = text;
  for (;;) {
    const parts = /^\*(\d+)\r\n/.exec(left);
    if (parts === null) return left;
    let at = parts[0].length;
    let name = "";
    for (let part = 0; part < Number(parts[1]); part++) {
      const start = left.indexOf("\r\n", at) + 2;
      const end = start + Number(left.slice(at + 1, start - 2));
      if (start < 2 || left.length < end + 2) return left;
      if (part === 0) name = left.slice(start, end).toUpperCase();
      at = end + 2;
    }
    words.push(name);
    left = left.slice(at);
  }
}
