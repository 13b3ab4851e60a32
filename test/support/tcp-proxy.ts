/** A TCP proxy that can fall silent, as a network does whose other end is gone. */
import { connect, createServer, type Socket } from "node:net";

/** The proxy, and what can be done to it. */
export interface TcpProxy {
  readonly port: number;
  /** From now on nothing is forwarded on the connections that are open, and they stay open. New ones work. */
  stall(): void;
  /** Forwards again, what was held back first. */
  resume(): void;
  close(): Promise<void>;
}

/** Forwards connections to a port of this machine. */
export async function startProxy(target: number): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  const server = createServer((client) => {
    const pair = [client, connect(target, "127.0.0.1")] as const;
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      for (const socket of pair) socket.destroy();
    };
    // Either end may go at any time: that is what the tests are about.
    for (const socket of pair) socket.on("error", end).on("close", end);
    join(pair);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as { port: number }).port,
    stall: () => {
      for (const [client, upstream] of pairs) for (const socket of [client, upstream]) socket.unpipe().pause();
    },
    resume: () => {
      for (const pair of pairs) join(pair);
    },
    close: () => {
      for (const pair of pairs) for (const socket of pair) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function join([client, upstream]: readonly [Socket, Socket]): void {
  client.pipe(upstream);
  upstream.pipe(client);
}
