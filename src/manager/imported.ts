/**
 * What options take that an import gives: stores, accepted codecs, copies and schemas. Types only, so that a manager knows none of them.
 *
 * @module
 */
import type { TokenCodec } from "../token/codec.ts";
import type { Feature } from "./contract.ts";

/** What `createSessions` needs of a store: what `memory()`, `redis(client)` and the others make, and `defineStore()` of one of your own. */
export interface BackedStore {
  /** What the store promises. */
  readonly guarantees: { readonly atomic: boolean; readonly immediate: boolean; readonly marks?: false };
  /** True for a store that keeps only the data. */
  readonly dataOnly?: boolean;
  /** The library's own: a store of yours gets it by `defineStore(store)` of web-session-store/stores/define, one of three methods by `plain(store)`. */
  readonly "~backend": (manager: never) => unknown;
}

/** A codec that the option `accept` takes: made by `defineCodec()`. */
export type AcceptedCodec<Codec extends object = TokenCodec> = Codec & Feature;

/** What the option `copy` takes: made by `copy()`. */
export interface CopyFeature extends Feature {
  /** Seconds. */
  readonly maxAge: number;
}

/** What the option `schema` takes: made by `schema()`. */
export interface SchemaFeature<Data extends object = object> extends Feature {
  /** The schema. */
  readonly schema: DataSchema<Data>;
  /** What converts data saved under an older one. */
  readonly migrate: ((data: Record<string, unknown>) => Record<string, unknown>) | undefined;
}

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
