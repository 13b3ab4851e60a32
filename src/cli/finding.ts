/**
 * Finding: what `inspect` says of one cookie.
 *
 * @module
 */
import { utf8Length } from "../ground/encoding.ts";
import { parseData } from "../ground/json.ts";
import { count, instant, printable, span } from "./text.ts";

/** What was found. */
export interface Finding {
  /** Whether the library would use it; null for what is no session cookie at all. */
  readonly opens: boolean | null;
  /** Label and text, in the order in which they are printed. */
  readonly rows: readonly (readonly [label: string, text: string])[];
}

/** What a cookie is looked at with. */
export interface Setting {
  readonly secrets: readonly string[];
  /** The option `name` of the application, where it was given. */
  readonly name: string | undefined;
  readonly context: string;
  readonly showData: boolean;
  /** Epoch seconds. */
  readonly now: number;
}

/** What a token says of its session. Whether that was proved is said elsewhere. */
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

/** The rows about a session. Who it is and what is in it are shown only if that was asked for. */
export function rowsAbout(said: Said, { showData, now }: Setting): Rows {
  const { sid, start, iat, exp, temp, idle, abs, sub, data } = said;
  const time = (label: string, seconds: number | undefined): Rows =>
    seconds === undefined ? [] : [[label, instant(seconds, now)]];
  const own = (label: string, seconds: number | undefined): Rows =>
    seconds === undefined ? [] : [[label, `${span(seconds)}, by its login`]];
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
