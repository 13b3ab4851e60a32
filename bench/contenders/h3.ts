/**
 * h3 and its sealed sessions. A handler calls them itself, so an untouched session costs nothing by construction.
 *
 * @module
 */
import { H3, type H3Event, type SessionConfig, useSession } from "h3";
import type { App } from "../harness/app.ts";
import type { Contender } from "../harness/contender.ts";
import { fetchApp } from "../harness/fetch-app.ts";
import { act, type Data, type Deeds, noSession } from "./deeds.ts";
import { SECRET } from "./secrets.ts";

/** An h3 application under test. */
export function h3App(deeds: Deeds<H3Event> = noSession): App {
  const app = new H3();
  app.get("/**", (event) => act(deeds, event.url.pathname, event));
  return fetchApp((request) => app.fetch(request));
}

function sealed(more: Partial<SessionConfig> = {}): Deeds<H3Event> {
  const config: SessionConfig = { password: SECRET, maxAge: 24 * 60 * 60, ...more };
  const of = (event: H3Event) => useSession<Data>(event, config);
  return {
    read: async (event) => (await of(event)).data.user?.name,
    count: async (event) => (await of(event)).data.counter,
    write: async (event, counter) => void (await (await of(event)).update({ counter })),
    create: async (event, data) => void (await (await of(event)).update(data)),
  };
}

/** As iron-session has them. */
const ONCE = {
  encryption: { saltBits: 256, algorithm: "aes-256-cbc", iterations: 1, minPasswordlength: 32 },
  integrity: { saltBits: 256, algorithm: "sha256", iterations: 1, minPasswordlength: 32 },
  ttl: 0,
  timestampSkewSec: 60,
  localtimeOffsetMsec: 0,
} as const;

const common = { ours: false, framework: "h3", kind: "encrypted", not: ["anonymous", "untouched"] } as const;

export const h3Contenders: readonly Contender[] = [
  { ...common, name: "h3 useSession", slow: true, app: () => h3App(sealed()) },
  { ...common, name: "h3 useSession (iterations 1)", app: () => h3App(sealed({ seal: ONCE })) },
];
