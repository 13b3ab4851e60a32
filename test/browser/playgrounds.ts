/** The playgrounds that the browser visits: the Worker and Koa, each over http and over https. Started once for all tests. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type Server as TlsServer } from "node:tls";
import type { TestProject } from "vitest/node";
import { unstable_startWorker } from "wrangler";
import { SECRET } from "../support/secrets.ts";
import { startServer } from "../support/server.ts";
import { type Certificate, makeCertificate } from "./certificate.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Origins, such as "http://localhost:1234". */
    playgrounds: Record<"worker" | "koa", Record<"http" | "https", string>>;
    certificate: Certificate;
  }
}

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), "browser-"));
  const certificate = makeCertificate(folder);
  const [plain, secure, koa] = await Promise.all([
    startWorker(join(folder, "plain")),
    startWorker(join(folder, "secure"), certificate),
    startKoa(join(folder, "sessions.db")),
  ]);
  const tls = await endTls(certificate, koa.port);
  provide("certificate", certificate);
  provide("playgrounds", {
    worker: { http: originOf(await plain.url), https: originOf(await secure.url) },
    koa: { http: `http://localhost:${koa.port}`, https: `https://localhost:${(tls.address() as AddressInfo).port}` },
  });
  return async () => {
    tls.close();
    await Promise.all([plain.dispose(), secure.dispose(), koa.stop()]);
    rmSync(folder, { recursive: true });
  };
}

const originOf = ({ protocol, port }: URL) => `${protocol}//localhost:${port}`;

function startWorker(persist: string, certificate?: Certificate): ReturnType<typeof unstable_startWorker> {
  const https = certificate && { secure: true, httpsKeyPath: certificate.key, httpsCertPath: certificate.cert };
  return unstable_startWorker({
    config: "wrangler.toml",
    bindings: { SESSION_SECRET: { type: "plain_text", value: SECRET } },
    dev: { server: { hostname: "127.0.0.1", port: 0, ...https }, inspector: false, persist, logLevel: "error" },
  });
}

async function startKoa(database: string): Promise<{ port: number; stop(): Promise<void> }> {
  let port = 0;
  const command = (free: number) => {
    port = free;
    return ["node", "examples/koa-playground.ts"];
  };
  const server = await startServer(command, { SESSION_SECRET: SECRET, DATABASE: database });
  return { port, stop: server.stop };
}

/** What stands before a Node server in production: it ends TLS, and passes on what was in it. */
async function endTls({ key, cert }: Certificate, port: number): Promise<TlsServer> {
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (outside) => {
    const inside = connect(port, "127.0.0.1");
    outside.pipe(inside).pipe(outside);
    for (const [one, other] of [
      [inside, outside],
      [outside, inside],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
