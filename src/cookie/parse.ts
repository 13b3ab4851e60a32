/**
 * Reads the values of one name from a Cookie header, without parsing the rest.
 *
 * @module
 */

/** No browser keeps a cookie with more bytes in name and value: RFC 6265bis, section 5.6. */
export const MAX_COOKIE_BYTES = 4096;

/** A browser sends one value of a name, or two after a collision. More than this are not looked at. */
const MAX_VALUES = 4;

/** The values of one name in a Cookie header. */
export interface CookieValues {
  /** The different values, in the header's order. */
  readonly values: readonly string[];
  /** True if a value was left out because it is longer than any browser keeps. */
  readonly oversize: boolean;
  /** True if there were more than four different values. `values` is then incomplete; do not trust it. */
  readonly tooMany: boolean;
}

const NONE: CookieValues = { values: [], oversize: false, tooMany: false };

/**
 * Finds the values of `name`, compared byte for byte (RFC 6265bis, section 5.4).
 *
 * A pair starts only after `;`. Values may contain commas, and a host below the domain can set such a cookie: it must
 * not be able to start a `__Host-` name. (If fields were joined by `, `, only the first is read, which fails safe.)
 * Work is bounded by the header's length.
 */
export function cookieValues(header: string | null, name: string): CookieValues {
  if (header === null) return NONE;
  const values: string[] = [];
  let oversize = false;
  for (let at = header.indexOf(name); at !== -1; at = header.indexOf(name, at + name.length)) {
    const start = at + name.length + 1;
    if (header[start - 1] !== "=" || !startsPair(header, at)) continue;
    const end = endOfValue(header, start, true);
    if (end - start + name.length > MAX_COOKIE_BYTES) {
      oversize = true;
      continue;
    }
    const value = header.slice(start, end);
    if (values.includes(value)) continue;
    if (values.length === MAX_VALUES) return { values, oversize, tooMany: true };
    values.push(value);
  }
  return values.length === 0 && !oversize ? NONE : { values, oversize, tooMany: false };
}

export function isSent(header: string | null, name: string): boolean {
  const { values, oversize, tooMany } = cookieValues(header, name);
  return values.length > 0 || oversize || tooMany;
}

/** The raw values of `name`, at most `limit`. Only `;` separates, since JSON values may hold commas. */
export function everyCookieValue(header: string | null, name: string, limit: number): string[] {
  const values: string[] = [];
  if (header === null) return values;
  for (let at = header.indexOf(name); at !== -1 && values.length < limit; at = header.indexOf(name, at + name.length)) {
    const start = at + name.length + 1;
    if (header[start - 1] === "=" && startsPair(header, at)) values.push(header.slice(start, endOfValue(header, start, false)));
  }
  return values;
}

function startsPair(header: string, at: number): boolean {
  let before = at - 1;
  while (header[before] === " " || header[before] === "\t") before--;
  return before < 0 || header[before] === ";";
}

/** The end of the value that starts here. Looks for a comma only in the value, so that work stays linear. */
function endOfValue(header: string, start: number, orComma: boolean): number {
  const semicolon = header.indexOf(";", start);
  let end = semicolon === -1 ? header.length : semicolon;
  const comma = orComma ? header.slice(start, end).indexOf(",") : -1;
  if (comma !== -1) end = start + comma;
  while (end > start && (header[end - 1] === " " || header[end - 1] === "\t")) end--;
  return end;
}
