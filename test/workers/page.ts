/** An open page with a WebSocket on its session. */
import { vi } from "vitest";

/** A page that watches its session. */
export class Page {
  readonly messages: unknown[] = [];
  readonly closed: Promise<number>;
  readonly #socket: WebSocket;

  constructor(response: Response) {
    const { webSocket } = response as Response & { webSocket: WebSocket & { accept(): void } };
    this.#socket = webSocket;
    webSocket.accept();
    webSocket.addEventListener("message", ({ data }) => {
      this.messages.push(data);
    });
    this.closed = new Promise((resolve) => {
      webSocket.addEventListener("close", ({ code }) => resolve(code));
    });
  }

  /** The code that the socket is closed with, or "open" when it answers a ping. */
  async state(): Promise<number | "open"> {
    const before = this.messages.length;
    const answered = vi.waitUntil(() => this.messages.length > before, { timeout: 2000, interval: 5 }).catch(() => false);
    try {
      this.#socket.send("ping");
    } catch {
      return this.closed;
    }
    return Promise.race([this.closed, answered.then((): "open" => "open")]);
  }

  say(text: string | ArrayBuffer): void {
    this.#socket.send(text);
  }

  leave(): void {
    this.#socket.close(1000, "bye");
  }
}
