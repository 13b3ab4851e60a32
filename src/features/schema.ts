/**
 * Schemas for session data: any that speaks Standard Schema, as zod, valibot and arktype do.
 *
 * @module
 */
import { cannot, DataError } from "../ground/errors.ts";
import { isPlain, type JsonObject, parseData } from "../ground/json.ts";
import { after, type MaybePromise } from "../ground/maybe-promise.ts";
import { checkGiven, refuseUnknown } from "../ground/option-values.ts";
import type { Hooks } from "../manager/contract.ts";
import type { DataSchema, SchemaFeature, SchemaIssue } from "../manager/imported.ts";
import type { Manager } from "../manager/manager.ts";
import { SessionData } from "../session/data.ts";
import { endingOf } from "../session/found.ts";
import { reject } from "../session/visit.ts";

export type { DataSchema, SchemaFeature, SchemaIssue, SchemaResult } from "../manager/imported.ts";

/** How data of an earlier version is read. */
export interface SchemaOptions {
  /**
   * Converts data saved under an older schema. What it gives is saved with the next change. Without it, or when that does not fit either,
   * the visitor has no session, so a user is logged out; what is no plain object, such as a promise, never fits. An error that it throws is yours, and
   * fails the request. Default: none.
   */
  migrate?: ((data: Record<string, unknown>) => Record<string, unknown>) | undefined;
}

const KNOWN: ReadonlySet<string> = new Set<keyof SchemaOptions>(["migrate"]);

/**
 * For the option `schema`: what `session.data` must be, as a schema of zod, valibot or any other library of Standard Schema. Checked when a
 * session is loaded and before it is saved; what the schema makes of a value is not used, and an empty session always fits.
 *
 * @throws OptionError for what is no Standard Schema, or an option that there is none of.
 *
 * @example
 * ```ts
 * import { z } from "zod";
 * import { schema } from "web-session-store/schema";
 *
 * const sessions = createSessions({ secrets, schema: schema(z.object({ views: z.number().optional() })) });
 * ```
 */
export function schema<Data extends object>(standard: DataSchema<Data>, options: SchemaOptions = {}): SchemaFeature<Data> {
  if (typeof standard?.["~standard"]?.validate !== "function")
    cannot("use this schema", "it is not a Standard Schema, such as those of zod and valibot");
  checkGiven(options, "schema", "{ migrate }");
  refuseUnknown(options, KNOWN);
  const { migrate } = options;
  if (migrate !== undefined && typeof migrate !== "function") cannot("use option migrate", "it must be a function");
  return Object.freeze({ schema: standard, migrate, "~feature": schemaHooks });
}

/** What a schema does in a request: data that does not fit is converted, or there is no session; and what is saved must fit. */
function schemaHooks({ emit }: Manager, { schema, migrate }: SchemaFeature): Hooks {
  return {
    loaded: (visit, loaded) =>
      after(makeFit(visit.data, schema, migrate), (found) => {
        if (found === "converted") visit.converted = visit.data.text();
        if (found !== "unfit") return;
        emit({ type: "invalid", reason: "schema" });
        if (loaded.is === "living") visit.remains.push(endingOf(loaded));
        reject(visit);
      }),
    // Flash values stay.
    async convert(text) {
      if (migrate === undefined) return null;
      const data = SessionData.of(text);
      return (await makeFit(data, schema, migrate)) === "converted" ? data.text() : null;
    },
    check: (data) => assertFits(schema, data),
  };
}

/** Whether data fits the schema. Where it does not, `migrate` is tried on it, in place. */
function makeFit(
  data: SessionData,
  schema: DataSchema,
  migrate: SchemaOptions["migrate"],
): MaybePromise<"as it is" | "converted" | "unfit"> {
  return after(fits(schema, data.visible), (isFit): MaybePromise<"as it is" | "converted" | "unfit"> => {
    if (isFit) return "as it is";
    const made = migrate === undefined ? null : plainOf(migrate({ ...data.visible }));
    if (made === null) return "unfit";
    data.become(made);
    // Also what cannot be kept, such as a name of the library's own.
    if (data.text() === "") return "unfit";
    return after(fits(schema, data.visible), (isNow) => (isNow ? "converted" : "unfit"));
  });
}

/** What `migrate` made, as JSON has it; null for what is no data: a list, a Map, nothing, or a promise, which nobody waits for. */
function plainOf(made: unknown): JsonObject | null {
  if (made instanceof Promise) made.catch(() => {});
  if (!isPlain(made)) return null;
  try {
    return parseData(JSON.stringify(made));
  } catch {
    return null;
  }
}

/** Whether data fits. Sessions begin empty, and a schema that asks for more could never be met, so no data always fits. */
function fits(schema: DataSchema, data: JsonObject): MaybePromise<boolean> {
  return after(issuesOf(schema, data), (issues) => issues.length === 0);
}

/** @throws DataError with the paths of what does not fit, and never a value */
function assertFits(schema: DataSchema, data: JsonObject): MaybePromise<void> {
  return after(issuesOf(schema, data), (issues) => {
    if (issues.length === 0) return;
    const paths = issues.slice(0, 5).map(({ path = [] }) => path.map(stepOf).join("").slice(0, 100) || "the whole");
    throw new DataError("ERR_DATA_SCHEMA", `Cannot save the session: its data does not fit the schema, at ${paths.join(", ")}`);
  });
}

function issuesOf(schema: DataSchema, data: JsonObject): MaybePromise<readonly SchemaIssue[]> {
  if (Object.keys(data).length === 0) return [];
  // Some schemas take objects without a prototype for something else.
  return after(schema["~standard"].validate({ ...data }), (result) => result.issues ?? []);
}

function stepOf(step: PropertyKey | { readonly key: PropertyKey }): string {
  return `[${JSON.stringify(String(typeof step === "object" ? step.key : step))}]`;
}
