/**
 * Reads the values of one name from a Cookie header, without parsing the rest.
 *
 * @module
 */

/** No browser keeps a cookie with more bytes in name and value: RFC 6265bis, section 5.6. */
export const MAX_COOKIE_BYTES = 4096;

/** More different values of one name than this are not looked at: a browser sends one, or two after a collision. */
const MAX_VALUES = 4;

/** What a Cookie header holds under one name. */
export interface CookieValues {
  /** The different values, in the header's order. */
  readonly values: readonly string[];
  /** True when a value longer than any browser keeps was left out. */
  readonly oversize: boolean;
  /** True when there were more than four different values; `values` is then incomplete and should not be trusted. */
  readonly tooMany: boolean;
}

const NONE: CookieValues = { values: [], oversize: false, tooMany: false };

/**
 * The values that a Cookie header gives for `name`, which is compared byte for byte (RFC 6265bis, section 5.4).
 *
 * A pair starts after `;` only. Browsers keep a comma in a cookie's value, and another host below the domain can set such a cookie: it
 * must not be able to start one with a `__Host-` name. (Where fields come joined by `, `, the first is read, so it fails safe.) The
 * work is bounded by the header's length, whatever stands in it.
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

/** Whether a Cookie header brings a cookie of this name, of whatever value. */
export function isSent(header: string | null, name: string): boolean {
  const { values, oversize, tooMany } = cookieValues(header, name);
  return values.length > 0 || oversize || tooMany;
}

/** The values under `name` as they stand, at most `limit` of them. Only `;` separates: these values may hold commas, as JSON does. */
export function everyCookieValue(header: string | null, name: string, limit: number): string[] {
  const values: string[] = [];
  if (header === null) return values;
  for (let at = header.indexOf(name); at !== -1 && values.length < limit; at = header.indexOf(name, at + name.length)) {
    const start = at + name.length + 1;
    if (header[start - 1] === "=" && startsPair(header, at)) values.push(header.slice(start, endOfValue(header, start, false)));
  }
  return values;
}

/** Whether a pair can start at `at`: at the beginning, or after `;` and white space. */
function startsPair(header: string, at: number): boolean {
  let before = at - 1;
  while (header[before] === " " || header[before] === "\t") before--;
  return before < 0 || header[before] === ";";
}

/** Where the value ends that starts here. The comma is looked for in the value alone, so that a header is never read over and over. */
function endOfValue(header: string, start: number, orComma: boolean): number {
  const semicolon = header.indexOf(";", start);
  let end = semicolon === -1 ? header.length : semicolon;
  const comma = orComma ? header.slice(start, end).indexOf(",") : -1;
  if (comma !== -1) end = start + comma;
  while (end > start && (header[end - 1] === " " || header[end - 1] === "\t")) end--;
  return end;
}
