/**
 * Schemas for session data, from any Standard Schema library such as zod, valibot and arktype.
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

/** Options for `schema()`. */
export interface SchemaOptions {
  /**
   * Converts data saved under an older schema. The result is saved with the next change. If there is no `migrate`, or
   * its result does not fit either, the visitor has no session and a user is logged out. Anything but a plain object
   * never fits, a promise included. If it throws, the request fails with that error. Default: none.
   */
  migrate?: ((data: Record<string, unknown>) => Record<string, unknown>) | undefined;
}

const KNOWN: ReadonlySet<string> = new Set<keyof SchemaOptions>(["migrate"]);

/**
 * For the option `schema`: checks `session.data` with a schema of zod, valibot or another Standard Schema
 * library, when a session is loaded and before it is saved. Values that the schema transforms are not
 * used. Empty data always fits.
 *
 * @throws OptionError for anything but a Standard Schema, or an unknown option.
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

/** Converts or rejects loaded data that does not fit, and checks data before it is saved. */
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

/** Whether data fits the schema, if necessary after `migrate` has changed it in place. */
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
    // Data that cannot be stored, such as a reserved key, does not fit either.
    if (data.text() === "") return "unfit";
    return after(fits(schema, data.visible), (isNow) => (isNow ? "converted" : "unfit"));
  });
}

/** The result of `migrate` as JSON; null if it is not plain data. A promise is not awaited. */
function plainOf(made: unknown): JsonObject | null {
  if (made instanceof Promise) made.catch(() => {});
  if (!isPlain(made)) return null;
  try {
    return parseData(JSON.stringify(made));
  } catch {
    return null;
  }
}

/** Whether data fits. Empty data always does, since every session begins empty. */
function fits(schema: DataSchema, data: JsonObject): MaybePromise<boolean> {
  return after(issuesOf(schema, data), (issues) => issues.length === 0);
}

/** @throws DataError with the paths that do not fit, never a value */
function assertFits(schema: DataSchema, data: JsonObject): MaybePromise<void> {
  return after(issuesOf(schema, data), (issues) => {
    if (issues.length === 0) return;
    const paths = issues.slice(0, 5).map(({ path = [] }) => path.map(stepOf).join("").slice(0, 100) || "the whole");
    throw new DataError("ERR_DATA_SCHEMA", `Cannot save the session: its data does not fit the schema, at ${paths.join(", ")}`);
  });
}

function issuesOf(schema: DataSchema, data: JsonObject): MaybePromise<readonly SchemaIssue[]> {
  if (Object.keys(data).length === 0) return [];
  // Some schemas refuse objects without a prototype.
  return after(schema["~standard"].validate({ ...data }), (result) => result.issues ?? []);
}

function stepOf(step: PropertyKey | { readonly key: PropertyKey }): string {
  return `[${JSON.stringify(String(typeof step === "object" ? step.key : step))}]`;
}
