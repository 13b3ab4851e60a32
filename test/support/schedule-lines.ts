/** The lines by which answers set and clear our cookies. */

/** What a Set-Cookie line does. */
export interface Line {
  readonly name: string;
  readonly value: string;
  readonly clears: boolean;
}

export function readLine(line: string): Line {
  const [pair = ""] = line.split(";", 1);
  const at = pair.indexOf("=");
  return { name: pair.slice(0, at), value: pair.slice(at + 1), clears: line.includes("Max-Age=0;") };
}

/** The session that a token in a cookie names; undefined for one that nobody but the server can read. */
export function sidOf(token: string | undefined): string | undefined {
  const [, payload, , more] = token?.split(".") ?? [];
  if (payload === undefined || more !== undefined) return undefined;
  const { sid } = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
  return sid;
}
