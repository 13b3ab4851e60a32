/**
 * Schemas for session data: any that speaks Standard Schema, as zod, valibot and arktype do.
 *
 * @module
 */
import { DataError } from "../ground/errors.ts";
import type { JsonObject } from "../ground/json.ts";
import { after, type MaybePromise } from "../ground/maybe-promise.ts";

/** The part of Standard Schema version 1 that is used: https://standardschema.dev */
export interface DataSchema<Data extends object = object> {
  /** What every library of the standard gives. */
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    validate(value: unknown): SchemaResult<Data> | Promise<SchemaResult<Data>>;
    readonly types?: { readonly input: unknown; readonly output: Data } | undefined;
  };
}

/** What a schema says: a value, or what is wrong. */
export type SchemaResult<Data> =
  | { readonly value: Data; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One thing that is wrong. */
export interface SchemaIssue {
  /** In words. Not shown by this library, since it may hold the value. */
  readonly message: string;
  /** Where, from the outside in. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * Whether data fits. Sessions begin empty, and a schema that asks for more could never be met, so no data always fits.
 */
export function fits(schema: DataSchema, data: JsonObject): MaybePromise<boolean> {
  return after(issuesOf(schema, data), (issues) => issues.length === 0);
}

/** @throws DataError with the paths of what does not fit, and never a value */
export function assertFits(schema: DataSchema, data: JsonObject): MaybePromise<void> {
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
