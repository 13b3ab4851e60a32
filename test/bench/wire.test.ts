/** How turns between a client and Redis are counted: what is sent without waiting for an answer is one, however it is cut. */
import { connect, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCommands, type Wire, wireTo } from "../../bench/stores/wire.ts";

const command = (...words: string[]) => `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;

describe("readCommands()", () => {
  it("reads the names of whole commands, and leaves the rest", () => {
    const words: string[] = [];
    const rest = command("set", "a", "x").slice(0, -3);
    expect(readCommands(command("get", "a") + command("del", "b") + rest, words)).toBe(rest);
    expect(words).toEqual(["GET", "DEL"]);
  });

  it("is not misled by a value that looks like a command, or by any cut", () => {
    const text = command("set", "a", command("get", "b")) + command("ping");
    for (let cut = 1; cut < text.length; cut++) {
      const words: string[] = [];
      const left = readCommands(text.slice(0, cut), words);
      expect(readCommands(left + text.slice(cut), words)).toBe("");
      expect(words).toEqual(["SET", "PING"]);
    }
  });
});

describe("wireTo()", () => {
  const server = createServer((socket) => socket.on("data", () => socket.write("+OK\r\n")));
  let wire: Wire;
  let client: Socket;
  const answered = () => new Promise<void>((resolve) => client.once("data", () => resolve()));

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    wire = await wireTo((server.address() as { port: number }).port, 200);
    client = connect(wire.port, "127.0.0.1").setNoDelay();
  });
  afterAll(async () => {
    await wire.close();
    server.close();
  });

  it("counts one turn for commands that wait for nothing, and one more for each wait", async () => {
    client.write(command("get", "a"));
    await new Promise((resolve) => setTimeout(resolve, 10));
    client.write(command("get", "b"));
    await answered();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(wire.traffic()).toEqual({ turns: 1, words: ["GET", "GET"] });
    client.write(command("set", "a", "1"));
    await answered();
    client.write(command("expire", "a", "9"));
    await answered();
    expect(wire.traffic()).toEqual({ turns: 2, words: ["SET", "EXPIRE"] });
    expect(wire.traffic()).toEqual({ turns: 0, words: [] });
  });
});
