/**
 * Loaded data against the schema: it fits, is migrated, or there is no session.
 *
 * @module
 */

import { type DataSchema, fits } from "../features/schema.ts";
import { parseData } from "../ground/json.ts";
import { after, type MaybePromise } from "../ground/maybe-promise.ts";
import { SessionData } from "../session/data.ts";
import { endingOf } from "../session/found.ts";
import type { SessionState } from "../session/visit.ts";
import type { Engine } from "./manager.ts";

/** Stored data as `migrate` makes it, where it does not fit the schema and then does; else null. Flash values stay. */
export async function migratedData(text: string, { schema, migrate }: Engine): Promise<string | null> {
  if (schema === undefined || migrate === undefined) return null;
  const content = SessionData.of(text);
  return (await makeFit(content, schema, migrate)) === "migrated" ? content.text() : null;
}

/** Data that does not fit the schema is migrated, or there is no session. */
export function fitData(state: SessionState, { schema, migrate, emit }: Engine): MaybePromise<void> {
  if (schema === undefined || (state.kept ?? state.imported) === null) return;
  const { content } = state;
  return after(makeFit(content, schema, migrate), (found) => {
    if (found === "migrated") state.migrated = content.text();
    if (found !== "unfit") return;
    emit({ type: "invalid", reason: "schema" });
    if (state.kept !== null) state.remains.push(endingOf(state.kept));
    state.reject();
  });
}

/** Whether data fits the schema. Where it does not, `migrate` is tried on it, in place. */
function makeFit(
  content: SessionData,
  schema: DataSchema,
  migrate: Engine["migrate"],
): MaybePromise<"as it is" | "migrated" | "unfit"> {
  return after(fits(schema, content.visible), (isFit): MaybePromise<"as it is" | "migrated" | "unfit"> => {
    if (isFit) return "as it is";
    if (migrate === undefined) return "unfit";
    content.become(parseData(JSON.stringify(migrate({ ...content.visible }))) ?? {});
    return after(fits(schema, content.visible), (isNow) => (isNow ? "migrated" : "unfit"));
  });
}
