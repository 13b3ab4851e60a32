/**
 * Applies late changes to a session in KV's order, so that all readers get the same result.
 *
 * @module
 */
import { tryPatch } from "../../session/patch.ts";
import type { UpdateResult } from "../../session/record.ts";
import { isTooLarge } from "../../stored/changes.ts";
import type { Body, LateChange, Outcome, Settled } from "./values.ts";

export interface NamedChange {
  readonly nonce: string;
  readonly change: LateChange;
}

/** How long the outcome of a late change is kept, in seconds. Its request asks for it at once. */
const ASKED_WITHIN = 60;
const MOST_SETTLED = 600;

export function changed(body: Body, { now, expiresAt, patch, maxBytes }: LateChange): { body: Body; outcome: Outcome } {
  const { version } = body;
  const used = { seenAt: Math.max(body.seenAt, now), expiresAt: Math.max(body.expiresAt, expiresAt) };
  if (patch === undefined) return { body: { ...body, ...used }, outcome: version };
  const data = tryPatch(body.data, patch);
  // A record whose data cannot be parsed is not a session.
  if (data === null) return { body, outcome: "gone" };
  if (isTooLarge(body.data, data, { maxBytes })) return { body, outcome: "too-large" };
  return { body: { ...body, ...used, data, version: version + 1 }, outcome: version + 1 };
}

/** The body after late changes, with the outcome of each. */
export function settle(body: Body, changes: readonly NamedChange[]): Body {
  if (changes.length === 0) return body;
  const settled: Settled[] = [];
  let after = body;
  for (const { nonce, change } of changes) {
    const { body: next, outcome } = changed(after, change);
    // No request asks for the outcome of a touch.
    if (change.patch !== undefined) settled.push([nonce, outcome, change.now]);
    after = next;
  }
  return { ...after, settled: [...body.settled, ...settled] };
}

export function forgetful(body: Body, now: number): Body {
  if (body.settled.length === 0) return body;
  return { ...body, settled: body.settled.filter(([, , at]) => at > now - ASKED_WITHIN).slice(-MOST_SETTLED) };
}

export function outcomeOf(settled: readonly Settled[], nonce: string): UpdateResult | undefined {
  const outcome = settled.find(([name]) => name === nonce)?.[1];
  if (outcome === undefined) return undefined;
  return typeof outcome === "number" ? { ok: true, version: outcome } : { ok: false, why: outcome };
}
