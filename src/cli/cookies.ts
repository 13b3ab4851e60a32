/**
 * Finds cookies in pasted text: a Cookie header, Set-Cookie lines, `name=value`, a bare token, or curl's cookie jar.
 *
 * @module
 */

/** A pasted cookie. */
export interface PastedCookie {
  /** The name on the wire. Undefined for a bare token. */
  readonly name: string | undefined;
  readonly value: string;
  /** The value of `<name>.sig`, Koa's signature, if that was pasted too. */
  readonly signature: string | undefined;
  /** Whether it is a Set-Cookie line that removes the cookie. */
  readonly removes: boolean;
}

type Pair = Pick<PastedCookie, "name" | "value" | "removes">;

const HEADER = /^(set-cookie|cookie)[ \t]*:[ \t]*(.*)$/i;
const ATTRIBUTE = /^(path|domain|expires|max-age|samesite|priority)=|^(secure|httponly|partitioned)$/i;

/** A line of the file that `curl -c` writes: domain, flag, path, secure, expiry, name and value, separated by tabs. */
const JAR_LINE = /^(?:#HttpOnly_)?[^\s#]\S*\s+(?:TRUE|FALSE)\s+\/\S*\s+(?:TRUE|FALSE)\s+\d+\s+(\S+)(?:\s+(.*))?$/;

/** What a cookie's name may consist of: RFC 6265, section 4.1.1, and ":", "[" and the like, which servers also use. */
const NAME = /^[!#-+\--:<>-[\]-~]+$/;

/** The cookies in a text. If any line is a header or from a jar, others are ignored, so whole requests can be pasted. */
export function pastedCookies(text: string): PastedCookie[] {
  const lines = text.split(/\r?\n/).map(cleanLine);
  const kind = [HEADER, JAR_LINE].find((pattern) => lines.some((line) => pattern.test(line)));
  const pairs = lines.filter((line) => line !== "" && (kind ?? /./).test(line)).flatMap(pairsOf);
  const signatures = new Map(pairs.map(({ name, value }) => [name, value]));
  const names = new Set(pairs.map(({ name }) => name));
  return pairs
    .filter(({ name }) => !(name?.endsWith(".sig") && names.has(name.slice(0, -".sig".length))))
    .map((pair) => ({ ...pair, signature: pair.name === undefined ? undefined : signatures.get(`${pair.name}.sig`) }));
}

/** Strips curl's header marks and quotes around the line. */
function cleanLine(line: string): string {
  const text = line.trim().replace(/^[<>] /, "");
  return /^(["']).*\1$/.test(text) ? text.slice(1, -1) : text;
}

function pairsOf(line: string): Pair[] {
  const [, jarName, jarValue = ""] = JAR_LINE.exec(line) ?? [];
  if (jarName !== undefined) return pairOf(`${jarName}=${jarValue}`, false);
  const [, header, rest = line] = HEADER.exec(line) ?? [];
  const isBare = header === undefined && (/^[\w.-]+$/.test(rest) || rest.startsWith("{"));
  if (isBare) return [{ name: undefined, value: rest, removes: false }];
  const parts = rest.split(";").map((part) => part.trim());
  const isSetCookie = header === undefined ? parts.slice(1).some(isAttribute) : header.toLowerCase() === "set-cookie";
  if (!isSetCookie) return parts.flatMap((part) => pairOf(part, false));
  return pairOf(parts[0] ?? "", parts.slice(1).some(isRemoval));
}

function isAttribute(part: string): boolean {
  return ATTRIBUTE.test(part);
}

function isRemoval(part: string): boolean {
  const [name = "", value = ""] = part.split("=");
  if (name.toLowerCase() === "max-age") return Number(value) <= 0;
  return name.toLowerCase() === "expires" && Date.parse(value) <= 0;
}

function pairOf(part: string, removes: boolean): Pair[] {
  const at = part.indexOf("=");
  const name = part.slice(0, Math.max(0, at)).trim();
  // Anything may be pasted, and a name is printed.
  if (!NAME.test(name)) return [];
  return [{ name, value: part.slice(at + 1).trim(), removes }];
}
