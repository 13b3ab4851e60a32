/**
 * Finds the file of a SQLite database from a path or a URI, https://www.sqlite.org/uri.html.
 *
 * @module
 */

export interface Location {
  /** What to pass to SQLite. It stays valid if the process changes its folder. */
  readonly name: string;
  /** The path of the file. Undefined in memory, for a temporary file, and for a URI that SQLite will refuse. */
  readonly file: string | undefined;
  readonly makes: boolean;
}

const URI = /^file:(\/\/[^/]*)?([^?#]*)(\?[^#]*)?/;

/** @throws URIError if the path is not valid UTF-8. */
export function locate(given: string, resolve: (path: string) => string): Location {
  const uri = URI.exec(given);
  if (uri === null) return given === "" || given === ":memory:" ? unchanged(given) : at(resolve(given));
  const [, host = "", path = "", query = ""] = uri;
  const { mode, vfs } = Object.fromEntries(new URLSearchParams(query));
  const isFile = path !== "" && path !== ":memory:" && mode !== "memory" && vfs !== "memdb" && /^(\/\/(localhost)?)?$/.test(host);
  // On Windows paths differ, and there are no file modes to set.
  if (!isFile || resolve("/") !== "/") return unchanged(given);
  const file = resolve(path.replace(/(%[0-9a-f]{2})+/gi, decodeURIComponent));
  const makes = mode === undefined || mode === "rwc";
  // Uses a plain path if possible: Node supports URIs from 22.15 on.
  return query === "" ? at(file) : { name: `file:${file.replace(/[%?#]/g, encodeURIComponent)}${query}`, file, makes };
}

function at(file: string): Location {
  return { name: file, file, makes: true };
}

function unchanged(name: string): Location {
  return { name, file: undefined, makes: false };
}
