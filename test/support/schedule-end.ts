/** What a schedule must leave behind when every answer has arrived. */
import type { SessionStore } from "../../src/stored/contract.ts";
import { USER_COOKIE, VISITOR_COOKIE } from "./cookie-names.ts";
import type { Cookies, Setter } from "./schedule-cookies.ts";
import { valuesOf, visible } from "./schedule-history.ts";
import type { Program } from "./schedule-program.ts";
import type { Scene } from "./schedule-scene.ts";
import { situationsOf } from "./schedule-table.ts";
import { isOfToken } from "./schedule-tokens.ts";
import type { Visit } from "./schedule-visit.ts";

export async function judgeEnd(scene: Scene, store: SessionStore | undefined, cookies: Cookies, program: Program): Promise<void> {
  if (store === undefined) return;
  await judgeRecords(scene, store);
  await judgeLists(scene, store);
  for (let browser = 0; browser < program.browsers; browser++) judgeBrowser(scene, cookies.setters(browser, USER_COOKIE));
  if (program.phases.every(({ parallel }) => !parallel) && program.browsers === 1) judgeOne(scene, cookies);
}

/** The store has what was written, and nothing else. */
async function judgeRecords({ history, problems }: Scene, store: SessionStore): Promise<void> {
  const now = history.timeAt(history.moment);
  for (const id of history.ids) {
    const found = await store.load(history.keys.get(id) ?? { id }, { now });
    const live = history.liveAt(id);
    const there = found !== null && "data" in found && found.expiresAt > now;
    const wanted = live !== undefined && live.expiresAt > now;
    if (there !== wanted) problems.push(`${id} ${there ? "lives" : "is gone"} in the store`);
    else if (there && live !== undefined && visible(valuesOf(found.data)) !== visible(live.data))
      problems.push(`${id} holds ${found.data}`);
  }
}

async function judgeLists({ history, problems }: Scene, store: SessionStore): Promise<void> {
  const now = history.timeAt(history.moment);
  for (const user of ["alice", "bob"]) {
    const listed = (await store.list?.(user))
      ?.filter(({ expiresAt }) => expiresAt > now)
      .map(({ id }) => id)
      .sort();
    const living = history.ids.filter((id) => {
      const live = history.liveAt(id);
      return live?.subject === user && live.expiresAt > now;
    });
    if (`${listed}` !== `${living.sort()}`) problems.push(`the list of ${user} has [${listed}], and should have [${living}]`);
  }
}

/** Nobody is logged out but by a logout, or where two requests at the same time changed who they are. */
function judgeBrowser(scene: Scene, setters: readonly Setter[]): void {
  const { history, problems } = scene;
  const last = setters.at(-1);
  if (last?.sid === undefined || !scene.setup.immediate) return;
  const there = situationsOf(history, last.sid, history.moment);
  const end = history.endOf(last.sid)?.live;
  if (
    end === undefined ||
    end.expiresAt <= history.timeAt(history.moment) ||
    there.some(({ is }) => is === "alive" || is === "grace")
  )
    return;
  const movers = moversFrom(scene, last.sid);
  if (movers.some((mover) => isFair(mover, last))) return;
  problems.push(
    `the browser's user is logged out: request ${movers[0]?.number} moved the session that request ${last.visit.number} gave it`,
  );
}

/** Which requests moved a session, from this id on. */
function moversFrom(scene: Scene, sid: string): Visit[] {
  const move = scene.moves.get(sid);
  return move === undefined ? [] : [move.by, ...moversFrom(scene, move.to)];
}

function isFair(mover: Visit, { visit }: Setter): boolean {
  if (mover.ask.drops || mover.phase === "failed" || mover.thrownOut || mover.losses > 0) return true;
  if (mover.ask.browser !== visit.ask.browser || mover === visit || mover.destroyed) return true;
  return mover.span.from < visit.span.to && visit.span.from < mover.span.to;
}

/** One request after the other leaves one session: that of the browser's cookie. */
function judgeOne({ history, problems }: Scene, cookies: Cookies): void {
  const living = history.ids.filter((id) => !isOfToken(id) && history.liveAt(id) !== undefined);
  const known = [USER_COOKIE, VISITOR_COOKIE].map((name) => cookies.setters(0, name).at(-1)?.sid);
  const now = history.timeAt(history.moment);
  const lost = living.filter((id) => !known.includes(id) && (history.liveAt(id)?.expiresAt ?? 0) > now);
  if (lost.length > 0) problems.push(`${lost.length} sessions live, of which the browser has no cookie`);
}
