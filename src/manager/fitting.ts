/**
 * Loaded data against the schema: it fits, is migrated, or there is no session.
 *
 * @module
 */

import { fits } from "../features/schema.ts";
import { parseData } from "../ground/json.ts";
import { after, type MaybePromise } from "../ground/maybe-promise.ts";
import { SessionData } from "../session/data.ts";
import { endingOf } from "../session/found.ts";
import type { SessionState } from "../session/visit.ts";
import type { Engine } from "./manager.ts";

/** Stored data as `migrate` makes it, where it does not fit the schema and then does; else null. Flash values stay. */
export async function migratedData(text: string, { schema, migrate }: Engine): Promise<string | null> {
  if (schema === undefined || migrate === undefined) return null;
  const content = new SessionData();
  content.fill(text);
  if (await fits(schema, content.visible)) return null;
  content.become(parseData(JSON.stringify(migrate({ ...content.visible }))) ?? {});
  return (await fits(schema, content.visible)) ? content.text() : null;
}

/** Data that does not fit the schema is migrated, or there is no session. */
export function fitData(state: SessionState, { schema, migrate, emit }: Engine): MaybePromise<void> {
  if (schema === undefined || (state.kept ?? state.imported) === null) return;
  const { content } = state;
  return after(fits(schema, content.visible), (fit) => {
    if (fit) return;
    if (migrate !== undefined) content.become(parseData(JSON.stringify(migrate({ ...content.visible }))) ?? {});
    return after(migrate === undefined ? false : fits(schema, content.visible), (fitsNow) => {
      if (fitsNow) {
        state.migrated = content.text();
        return;
      }
      emit({ type: "invalid", reason: "schema" });
      if (state.kept !== null) state.remains.push(endingOf(state.kept));
      state.reject();
    });
  });
}
