/**
 * What a month of sessions costs on Cloudflare, by list price. Run it: node bench/cost.ts
 *
 * What an operation takes is measured (bench/counts.ts); what users do is assumed here. Workers' own price comes on top of
 * every line: 476 dollars for these requests at 0.65 ms of CPU each.
 */
import { COUNTS, type Count } from "./counts.ts";

const MILLION = 1_000_000;
const DAYS = 30;

/** Users. */
const USERS_A_DAY = MILLION;
const REQUESTS_A_DAY = 50;
/** Requests of a user's day that change data, the logins among them. */
const WRITES_A_DAY = 2;
/** Times that use is recorded, in a day: the idle timeout is 14 days, and a quarter of it is the default. This is more. */
const TOUCHES_A_DAY = 1;
const LOGINS_A_DAY = 0.3;
const LOGOUTS_A_DAY = 0.1;
/** With a copy of 60 seconds in a cookie, the requests of a day that still ask the store. A guess of how clicks cluster. */
const READS_PAST_COPY = 20;

/** What is kept. */
const LIVING_SESSIONS = 5 * MILLION;
/** Users with a living session, most of them not there every day; a guess. */
const OBJECTS = 3 * MILLION;
const SESSION_BYTES = 1000;
/** A database with one session takes 12,288 bytes in workerd. */
const OBJECT_BYTES = 13_000;
/** The part of logins that finds no other living session of the user; a guess. */
const FIRST_LOGINS = 0.2;
/** An object wakes when its first session can have ended: about the idle timeout after the last look. */
const DAYS_BETWEEN_ALARMS = 14;
/** How long an object is active for a call, in seconds; a guess. Sleeping ones cost nothing. */
const SECONDS_A_CALL = 0.003;
const OBJECT_GIGABYTES = 0.128;

/**
 * List prices for a month: what is included, and dollars for each million (requests, rows, operations) or unit beyond.
 * https://developers.cloudflare.com/kv/platform/pricing/
 * https://developers.cloudflare.com/durable-objects/platform/pricing/
 */
const PRICES = {
  kvRead: { included: 10 * MILLION, each: 0.5 / MILLION },
  kvWrite: { included: MILLION, each: 5 / MILLION },
  kvDelete: { included: MILLION, each: 5 / MILLION },
  kvGigabyte: { included: 1, each: 0.5 },
  objectCall: { included: MILLION, each: 0.15 / MILLION },
  objectGigabyteSecond: { included: 400_000, each: 12.5 / MILLION },
  rowRead: { included: 25_000 * MILLION, each: 0.001 / MILLION },
  rowWritten: { included: 50 * MILLION, each: 1 / MILLION },
  objectGigabyte: { included: 5, each: 0.2 },
};

const aMonth = (aDay: number) => USERS_A_DAY * aDay * DAYS;
const requests = aMonth(REQUESTS_A_DAY);
const logins = aMonth(LOGINS_A_DAY);
const logouts = aMonth(LOGOUTS_A_DAY);
const touches = aMonth(TOUCHES_A_DAY);
const writes = aMonth(WRITES_A_DAY);

function price(what: keyof typeof PRICES, units: number): number {
  const { included, each } = PRICES[what];
  return Math.max(0, units - included) * each;
}

/** Workers KV: a read for each request, a put for each change and each touch. */
function kv(): number {
  const gigabytes = (LIVING_SESSIONS * SESSION_BYTES) / 1e9;
  return (
    price("kvRead", requests) + price("kvWrite", writes + touches) + price("kvDelete", logouts) + price("kvGigabyte", gigabytes)
  );
}

/** Durable Objects, with this many requests that read the session; touches come with reads. */
function objects(reads: number): number {
  const alarms = (OBJECTS * DAYS) / DAYS_BETWEEN_ALARMS;
  const done: [Count, number][] = [
    [COUNTS.read, reads - touches],
    [COUNTS.readAndTouch, touches],
    [COUNTS.write, writes - logins],
    [COUNTS.firstLogin, logins * FIRST_LOGINS],
    [COUNTS.login, logins * (1 - FIRST_LOGINS)],
    [COUNTS.logout, logouts],
    [COUNTS.alarm, alarms],
  ];
  const total = (of: (count: Count) => number) => done.reduce((sum, [count, times]) => sum + of(count) * times, 0);
  const calls = total((count) => count.calls);
  // Sessions that nobody ended expire, and are deleted: a row written each.
  const written = total((count) => count.written) + (logins - logouts);
  return (
    price("objectCall", calls) +
    price("objectGigabyteSecond", calls * SECONDS_A_CALL * OBJECT_GIGABYTES) +
    price(
      "rowRead",
      total((count) => count.read),
    ) +
    price("rowWritten", written) +
    price("objectGigabyte", (OBJECTS * OBJECT_BYTES) / 1e9)
  );
}

const bills: [string, number][] = [
  ["Workers KV, use recorded at intervals", kv()],
  ["Durable Object for each user", objects(requests)],
  ["Durable Object for each user, copy of 60 s", objects(aMonth(READS_PAST_COPY))],
];
for (const [name, dollars] of bills) {
  console.log(`${name.padEnd(44)} ${Math.round(dollars).toLocaleString("en-US").padStart(6)} dollars`);
}
