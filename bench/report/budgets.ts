/**
 * The library's cost budgets, relative to its peers in the same run.
 *
 * @module
 */
import type { Measured } from "../harness/measure.ts";
import type { Concurrency } from "../harness/timing.ts";
import type { Verdict } from "./verdict.ts";

type Pick = (measured: Measured) => boolean;

/** The budgets that these measurements cover. */
export function checkBudgets(measured: readonly Measured[]): Verdict[] {
  const costs = (scenario: string, pick: Pick, concurrency: Concurrency = 1): Measured[] =>
    measured.filter((one) => one.scenario.id === scenario && one.concurrency === concurrency && pick(one));
  const named =
    (...parts: string[]): Pick =>
    ({ contender }) =>
      parts.some((part) => contender.name === part);
  const remembering: Pick = ({ contender }) => contender.ours && !contender.forgets && !contender.lazy;
  const peer: Pick = ({ contender }) => !contender.ours;

  /** Each of ours costs at most this much. */
  function atMost(id: string, what: string, limit: number, pick: Pick, concurrency: Concurrency = 1): Verdict[] {
    const ours = costs(id, pick, concurrency);
    if (ours.length === 0) return [];
    const worst = ours.reduce((left, right) => (left.overhead.median > right.overhead.median ? left : right));
    return [verdict(`${id}, ${what}`, `${limit} at most`, worst.overhead.median, worst, worst.overhead.median <= limit)];
  }

  /** Our most expensive row costs at most this share of the peers' cheapest. */
  function share(id: string, what: string, limit: number, pick: Pick, theirs: Pick, concurrency: Concurrency = 1): Verdict[] {
    const [ours, others] = [costs(id, pick, concurrency), costs(id, theirs, concurrency)];
    if (ours.length === 0 || others.length === 0) return [];
    const worst = ours.reduce((left, right) => (left.overhead.median > right.overhead.median ? left : right));
    const best = others.reduce((left, right) => (left.overhead.median < right.overhead.median ? left : right));
    const ratio = worst.overhead.median / best.overhead.median;
    const text = `${ratio.toFixed(2)} of ${best.contender.name} (${best.overhead.median.toFixed(1)})`;
    return [{ what: `${id}, ${what}`, limit: `${limit.toFixed(2)} of it at most`, found: text, met: ratio <= limit }];
  }

  const onKoa: Pick = (one) => remembering(one) && one.contender.framework === "koa";
  const onWebCrypto: Pick = (one) => remembering(one) && one.contender.crypto === "web";
  const lazy: Pick = ({ contender }) => contender.lazy === true;
  const koaCookie: Pick = (one) => onKoa(one) && one.contender.kind !== "store";
  const honoNode: Pick = ({ contender }) => contender.framework === "hono" && contender.crypto === "node";
  const forgetting =
    (crypto: "node" | "web"): Pick =>
    ({ contender }) =>
      contender.forgets === true && contender.crypto === crypto;
  const encrypted: Pick = (one) => onKoa(one) && one.contender.kind === "encrypted";
  return [
    ...atMost("S1", "read, signed", 5, remembering),
    ...share("S1", "read, signed, next to the fastest peer", 1 / 14, remembering, peer),
    ...atMost("S2", "read, encrypted", 5, remembering),
    ...share("S2", "read, encrypted, next to", 1, remembering, named("@fastify/secure-session")),
    ...atMost("S3", "read, store", 6, remembering),
    ...share("S3", "read, store, next to", 1 / 2.5, remembering, named("@fastify/session")),
    ...atMost("S4a", "write, signed, Koa", 20, onKoa),
    ...share("S4a", "write, signed, Koa, next to", 1, onKoa, named("cookie-session", "koa-session (cookie)")),
    ...atMost("S4a", "write, signed, Web Crypto, 32 at a time", 50, onWebCrypto, 32),
    ...atMost(
      "S1",
      "read, signed, nothing remembered, Hono with nodeCrypto",
      25,
      (one) => honoNode(one) && forgetting("node")(one),
    ),
    ...atMost("S2", "read, encrypted, nothing remembered, Web Crypto, 32 at a time", 45, forgetting("web"), 32),
    ...atMost("S4b", "write, encrypted, Hono with nodeCrypto", 40, (one) => honoNode(one) && remembering(one)),
    ...share("S4b", "write, encrypted, Web Crypto, next to", 0.4, onWebCrypto, named("@hono/session (cookie)")),
    ...atMost("S4b", "write, encrypted, Koa", 30, onKoa),
    ...atMost("S4c", "write, store", 8, remembering),
    ...share("S4c", "write, store, next to the fastest peer", 1, remembering, peer),
    ...atMost("S5", "no cookie, untouched", 1.2, (one) => lazy(one) || koaCookie(one)),
    ...atMost("S7", "valid cookie, untouched, Koa with cookies and lazy", 1.2, (one) => lazy(one) || koaCookie(one)),
    ...share(
      "S6",
      "new session, Koa, next to",
      1,
      (one) => onKoa(one) && !encrypted(one),
      named("koa-session (cookie)", "koa-session (store)"),
    ),
    ...atMost("S6", "new session, Koa, encrypted", 30, encrypted),
    ...atMost("S1", "read, signed, nothing remembered, 32 at a time", 45, ({ contender }) => contender.forgets === true, 32),
  ];
}

function verdict(what: string, limit: string, value: number, { contender }: Measured, met: boolean): Verdict {
  return { what, limit, found: `${value.toFixed(1)} (${contender.name.replace("ours: ", "")})`, met };
}
