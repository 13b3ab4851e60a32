/**
 * How the cost of a request grows with what there is: data, cookies, secrets, sessions. node bench/growth.ts [--quick]
 */
import { newSessionId } from "../dist/ground/session-id.js";
import { memory } from "../dist/stores/memory/index.js";
import { newData } from "./contenders/deeds.ts";
import { ourFetch } from "./contenders/ours.ts";
import { OLDER_SECRETS, SECRET } from "./contenders/secrets.ts";
import { type App, cookieHeader } from "./harness/app.ts";
import { estimate } from "./harness/statistics.ts";
import { batch, calibrate, shuffled, type Timed } from "./harness/timing.ts";
import { writeSection } from "./report/write.ts";

interface Row {
  readonly name: string;
  readonly timed: Timed;
  readonly micros: number[];
}

const quick = process.argv.includes("--quick");
const [rounds, batchMs] = quick ? [2, 1] : [20, 10];
const readable = { secrets: SECRET, readable: true };
const rows: Row[] = [];

async function add(name: string, app: App, more = 0, header = (cookie: string): string => cookie): Promise<void> {
  const created = await app.ask(more === 0 ? "/new" : `/new-${more}`);
  const cookie = header(cookieHeader(created.setCookie));
  if ((await app.ask("/read", cookie)).body === "") throw new Error(`Cannot time ${name}: its session is not read`);
  rows.push({ name, timed: { send: app.ready("/read", cookie), times: 1 }, micros: [] });
}

/** The cookie among so many others. */
const among = (others: number) => (cookie: string) =>
  [...Array.from({ length: others - 1 }, (_, index) => `other-${index}=${"v".repeat(20)}`), cookie].join("; ");

/** A store that holds so many other sessions. */
async function crowded(count: number, maxEntries = 2_000_000): Promise<App> {
  const store = memory({ maxEntries, maxBytes: 8 * 1024 ** 3 });
  const now = Math.floor(Date.now() / 1000);
  const record = { data: JSON.stringify(newData()), version: 1, startedAt: now, seenAt: now, expiresAt: now + 86_400 };
  for (let made = 1; made < count; made++) await store.create({ id: newSessionId() }, { ...record, subject: `user-${made}` });
  return ourFetch({ secrets: SECRET, store });
}

for (const more of [0, 2000]) await add(`cookie, ${0.2 + more / 1000} KB of data`, ourFetch(readable), more);
for (const more of [0, 2000, 20_000]) {
  await add(`store, ${0.2 + more / 1000} KB of data`, ourFetch({ secrets: SECRET, store: memory() }), more);
}
for (const cookies of [1, 10, 50]) await add(`cookie, among ${cookies} cookies`, ourFetch(readable), 0, among(cookies));
for (const rememberTokens of [1000, 0]) {
  const how = rememberTokens === 0 ? ", nothing remembered" : "";
  for (const secrets of [SECRET, [SECRET, ...OLDER_SECRETS]]) {
    await add(`cookie, ${[secrets].flat().length} secrets${how}`, ourFetch({ ...readable, secrets, rememberTokens }));
  }
}
for (const power of quick ? [2, 3] : [2, 3, 4, 5, 6]) await add(`store, 1e${power} sessions`, await crowded(10 ** power));
for (const power of quick ? [2, 3] : [3, 5]) {
  const full = await crowded(10 ** power, 10 ** power);
  rows.push({
    name: `store, full with 1e${power} sessions, a new one`,
    timed: { send: full.ready("/new", undefined), times: 1 },
    micros: [],
  });
}

for (const { timed } of rows) await calibrate([timed], 1, batchMs);
for (let round = 0; round < rounds; round++) {
  for (const row of shuffled(rows)) row.micros.push(await batch(row.timed, 1));
}
const lines = rows.map(({ name, micros }) => {
  const { median, spread } = estimate(micros);
  return `| ${name} | ${median.toFixed(1)} ± ${spread.toFixed(1)} |`;
});
const text = `Microseconds for a whole request by \`fetch\` that reads the session, or begins one where that is said, one at a time.\n
| | microseconds |\n|---|---|\n${lines.join("\n")}`;
console.log(text);
if (!quick) writeSection("growth", text, rounds);
process.exit();
