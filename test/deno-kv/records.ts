/** A record of a session that has just begun, and its use, for tests of Deno KV. */
import type { SessionRecord } from "../../src/session/record.ts";
import { HOUR } from "../support/clock.ts";

export const NOW: number = Math.floor(Date.now() / 1000);
export const USE = { now: NOW, expiresAt: NOW + HOUR };
export const RECORD: SessionRecord = { data: "{}", version: 1, startedAt: NOW, seenAt: NOW, expiresAt: NOW + HOUR };
export const NEW_ID = { by: "regenerateId", graceSeconds: 0 } as const;
