/**
 * What `inspect` reports about one cookie.
 *
 * @module
 */
import { utf8Length } from "../ground/encoding.ts";
import { parseData } from "../ground/json.ts";
import { count, instant, printable, span } from "./text.ts";

/** The report. */
export interface Finding {
  /** Whether the library would accept it. Null if it is not a session cookie. */
  readonly opens: boolean | null;
  /** Labels and texts, in print order. */
  readonly rows: readonly (readonly [label: string, text: string])[];
}

/** What `inspect` uses to check a cookie. */
export interface Setting {
  readonly secrets: readonly string[];
  /** The application's option `name`, if given. */
  readonly name: string | undefined;
  readonly context: string;
  readonly showData: boolean;
  /** Epoch seconds. */
  readonly now: number;
}

/** A token's claims about its session, verified or not. */
export interface Said {
  readonly sid: string;
  readonly start?: number | undefined;
  readonly iat?: number | undefined;
  readonly exp?: number | undefined;
  readonly temp?: boolean | undefined;
  readonly idle?: number | undefined;
  readonly abs?: number | undefined;
  readonly sub?: string | undefined;
  readonly data?: string | undefined;
}

type Rows = (readonly [string, string])[];

/** The rows about a session. User and data are shown only on request. */
export function rowsAbout(said: Said, { showData, now }: Setting): Rows {
  const { sid, start, iat, exp, temp, idle, abs, sub, data } = said;
  const time = (label: string, seconds: number | undefined): Rows =>
    seconds === undefined ? [] : [[label, instant(seconds, now)]];
  const own = (label: string, seconds: number | undefined): Rows =>
    seconds === undefined ? [] : [[label, `${span(seconds)}, set by its login`]];
  const hidden = "hidden; --show-data shows it";
  return [
    ["session", printable(sid)],
    ...(sub === undefined ? [] : ([["user", showData ? printable(JSON.stringify(sub)) : hidden]] as Rows)),
    ...time("began", start),
    ...time("made", iat),
    ...time("ends", exp),
    ...own("idle", idle),
    ...own("absolute", abs),
    ...(temp ? ([["cookie", "ends with the browser"]] as Rows) : []),
    ...(data === undefined ? [] : ([["data", showData ? printable(data) : `${sizeOf(data)}, ${hidden}`]] as Rows)),
  ];
}

function sizeOf(data: string): string {
  return `${count(Object.keys(parseData(data) ?? {}).length, "key")}, ${count(utf8Length(data), "byte")}`;
}
