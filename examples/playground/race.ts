/** The race: five requests at once, each changing a different key of one session. */
import { html } from "hono/html";
import { guaranteesOf, type Place, type Rival } from "./places.ts";

/** The session data of a race: one key for each change. */
export type RaceData = Record<string, true>;

const WORK_MS = 150;
const CHANGES = ["1", "2", "3", "4", "5"];

/** A step of a race: start it, make one change, or list the changes that were kept. */
export async function raceStep(data: RaceData, method: string, step: string): Promise<string[] | undefined> {
  if (method === "GET" && step === "kept") return CHANGES.filter((number) => data[`item${number}`]);
  if (method !== "POST") return undefined;
  if (step === "start") {
    for (const key of Object.keys(data)) delete data[key];
    data.begun = true;
    return [];
  }
  if (!CHANGES.includes(step)) return undefined;
  await work();
  data[`item${step}`] = true;
  return [];
}

/**
 * The same for a session that is read and written as a whole,
 * which overwrites what other requests wrote in the meantime.
 */
export async function wholeStep(data: { whole?: RaceData }, method: string, step: string): Promise<string[] | undefined> {
  const whole = { ...data.whole };
  const answer = await raceStep(whole, method, step);
  if (method === "POST" && answer !== undefined) data.whole = whole;
  return answer;
}

/** Stands for a database query, so that all five requests read the session before the first one writes it. */
function work(): Promise<void> {
  return new Promise((done) => setTimeout(done, WORK_MS));
}

export function raceSection(place: Place, rival: Rival) {
  return html`<section aria-labelledby="race">
    <h2 id="race"><span class="step" aria-hidden="true">2</span> The race</h2>
    <p>
      Five requests arrive at once. Each one loads the session, works for ${WORK_MS} milliseconds, and then writes its own key. How many of the five
      changes survive?
    </p>
    <p class="line">
      <button type="button" class="main" data-race="${place.path}" hidden>Send five changes at once</button>
      <span class="hint only-scripts">The race needs JavaScript to send the five requests.</span>
    </p>
    <div class="lanes">
      ${lane("race", "web-session-store", "session.data[item] = true;", oursAbout(place))}
      ${lane("usual", rival.title, rival.code, rival.about)}
    </div>
    <p class="notice outcome" aria-live="polite" data-outcome></p>
  </section>`;
}

/** What the same line of code does here. */
function oursAbout({ title, options: { store } }: Place): string {
  if (store === undefined) return "There is no store: each response replaces the whole cookie, and the last one wins.";
  if (!guaranteesOf(store).atomic)
    return `${title} cannot update part of a session, so parallel changes may overwrite each other.`;
  return "Writes only the changed key, into what the store holds at that moment.";
}

function lane(name: "race" | "usual", title: string, code: string, about: string) {
  return html`<div class="lane" data-lane="${name}">
    <h3>${title}</h3>
    <p><code>${code}</code></p>
    <p class="hint">${about}</p>
    <ol class="changes" aria-label="Changes, ${title}">
      ${CHANGES.map((number) => html`<li>${number}</li>`)}
    </ol>
    <p class="score" data-score>Not sent yet</p>
  </div>`;
}
