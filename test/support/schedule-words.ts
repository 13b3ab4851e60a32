/** Programs of requests, and what they did to the store, as a person reads them. */
import type { Act, Ask, Program } from "./schedule-program.ts";
import type { Change } from "./schedule-recorder.ts";

export function describeProgram({ phases, sticky }: Program): string {
  let number = 0;
  const lines = phases.flatMap(({ asks, parallel, ticks, passes }) => {
    const head = `  ${parallel ? "at the same time" : "one after the other"}${ticks ? ", while seconds pass" : ""}:`;
    const requests = asks.map((ask) => {
      const first = number;
      number += ask.twice ? 2 : 1;
      return `    ${ask.twice ? `${first} and ${first + 1}` : first}: ${describeAsk(ask)}`;
    });
    return [head, ...requests, ...(passes > 0 ? [`  then ${passes} seconds pass`] : [])];
  });
  return [...lines, ...(sticky ? ["  accepted cookies cannot be removed"] : [])].join("\n");
}

function describeAsk({ acts, method, status, browser, twice, drops, stale, token }: Ask): string {
  const notes = [
    ...(browser > 0 ? [`browser ${browser}`] : []),
    ...(token === undefined ? [] : [`gets token ${token} first`]),
    ...(stale ? ["earlier cookies"] : []),
    ...(twice ? ["sent twice, only the second answer arrives"] : []),
    ...(drops ? ["answer never arrives"] : []),
    ...(status === 200 ? [] : [`answers ${status}`]),
  ];
  return `${method} ${acts.map(describeAct).join(", ") || "nothing"}${notes.length > 0 ? ` (${notes.join("; ")})` : ""}`;
}

function describeAct(act: Act): string {
  if (act.do === "login") return `login ${act.user}${act.keep === undefined ? "" : ` keeping [${act.keep}]`}`;
  if (act.do === "regenerate") return act.graceSeconds > 0 ? `regenerate with ${act.graceSeconds} s` : "regenerate";
  if (act.do === "revoke") return `revoke ${act.user}`;
  if ("how" in act) return act.how === "awaited" ? act.do : `${act.do} ${act.how}`;
  return "key" in act ? `${act.do} ${act.key}` : act.do;
}

export function describeChange(change: Change, name: (id: string) => string): string {
  const after =
    "after" in change
      ? ` ${change.after.subject ?? "nobody"} {${[...change.after.data].map(([key, json]) => `${key}:${json}`)}}`
      : "";
  if (change.does === "replace")
    return `${name(change.id)} becomes ${name(change.to)} by ${change.move.by}${change.move.graceSeconds > 0 ? ` with ${change.move.graceSeconds} s` : ""}${after}`;
  if ("ids" in change) return `${change.does} [${change.ids.map(name)}]`;
  return `${change.does} ${name(change.id)}${after}`;
}
