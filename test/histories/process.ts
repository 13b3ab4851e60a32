/** One of the processes that make a history: several clients, each of which makes one call after the other. Each call is recorded before it, and after. */
import { openSync, writeSync } from "node:fs";
import { type Call, type Chooser, choose, idsOf, make, versionIn } from "./calls.ts";
import { PLACES } from "./places.ts";

/** What a process is told. */
export interface Orders {
  readonly place: string;
  readonly at: string;
  /** Where it writes. */
  readonly file: string;
  readonly run: string;
  readonly process: number;
  readonly clients: number;
  /** The calls that each client makes: from one to another. */
  readonly from: number;
  readonly to: number;
  readonly groups: number;
  /** The earliest clock of a client, in epoch seconds. */
  readonly begin: number;
}

/** A line of its file: a call that begins, or the answer to one; none where it failed. */
export type Line =
  | { readonly by: string; readonly at: number; readonly call: Call; readonly group: number }
  | { readonly by: string; readonly at: number; readonly answer: string | null };

/** How many groups the clients are at, at the same time. */
const NEIGHBOURS = 3;
const PAUSE_MS = 10;

const orders = JSON.parse(process.argv[2] ?? "") as Orders;
const place = PLACES[orders.place];
if (place === undefined) throw new Error(`Cannot make a history: there is no ${orders.place}`);
const store = await place.open(orders.at, orders.process);
const file = openSync(orders.file, "a");
// The same clock in all processes of a machine.
const write = (line: Omit<Line, "at">) =>
  writeSync(file, `${JSON.stringify({ ...line, at: Number(process.hrtime.bigint()) / 1e6 })}\n`);

let count = 0;
await Promise.all(Array.from({ length: orders.clients }, (_none, client) => play(client)));
process.exit();

async function play(client: number): Promise<void> {
  const below = randomFrom(orders.process * 100 + client + orders.from * 7919);
  const chooser: Chooser = { below, begin: orders.begin, versions: new Map() };
  const by = `${orders.process}.${client}`;
  for (let index = orders.from; index < orders.to; index++) {
    const group = Math.floor((index * orders.groups) / orders.to) + below(NEIGHBOURS);
    const call = choose(chooser, idsOf(orders.run, group), (orders.process * 10 + client) * 100_000 + index);
    write({ by, call, group } as Line);
    const answer = await make(store, call, place?.isTaken ?? (() => false)).catch(() => null);
    write({ by, answer } as Line);
    if (answer === null) await untilItAnswers();
    else chooser.versions.set(call.id, versionIn(answer) ?? 1);
    if (++count % 20 === 0) process.send?.(count);
  }
}

async function untilItAnswers(): Promise<void> {
  const key = { id: "nobody-has-this-id" };
  while ((await store.load(key, { now: orders.begin }).catch(() => "failed")) === "failed")
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}

/** Numbers that look like chance, and are the same for the same seed (mulberry32). */
function randomFrom(seed: number): (count: number) => number {
  let state = seed;
  return (count) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % count;
  };
}
