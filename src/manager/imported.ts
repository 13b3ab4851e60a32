/**
 * Option values that come from imports. Types only, so that a manager does not depend on them.
 *
 * @module
 */
import type { TokenCodec } from "../token/codec.ts";
import type { Feature } from "./contract.ts";

/**
 * A store for `createSessions`: `memory()`, `redis(client)` and the others return one,
 * `defineStore()` makes one of your own.
 */
export interface BackedStore {
  /** What the store guarantees. */
  readonly guarantees: { readonly atomic: boolean; readonly immediate: boolean; readonly marks?: false };
  /** True for a store that keeps only the data. */
  readonly dataOnly?: boolean;
  /**
   * Internal. Wrap your store with `defineStore(store)` from web-session-store/stores/define, or with
   * `plain(store)` if it has three methods.
   */
  readonly "~backend": (manager: never) => unknown;
}

/** A codec for the option `accept`, made by `defineCodec()`. */
export type AcceptedCodec<Codec extends object = TokenCodec> = Codec & Feature;

/** The value of the option `copy`, made by `copy()`. */
export interface CopyFeature extends Feature {
  /** Seconds. */
  readonly maxAge: number;
}

/** The value of the option `schema`, made by `schema()`. */
export interface SchemaFeature<Data extends object = object> extends Feature {
  /** The schema. */
  readonly schema: DataSchema<Data>;
  /** Converts data saved under an older schema. */
  readonly migrate: ((data: Record<string, unknown>) => Record<string, unknown>) | undefined;
}

/** The part of Standard Schema version 1 that is used: https://standardschema.dev */
export interface DataSchema<Data extends object = object> {
  /** The properties that the standard requires. */
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    validate(value: unknown): SchemaResult<Data> | Promise<SchemaResult<Data>>;
    readonly types?: { readonly input: unknown; readonly output: Data } | undefined;
  };
}

/** The result of a validation: a value or issues. */
export type SchemaResult<Data> =
  | { readonly value: Data; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One validation issue. */
export interface SchemaIssue {
  /** Describes the issue. This library never shows it, since it may contain the value. */
  readonly message: string;
  /** Where the issue is, from the outside in. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}
