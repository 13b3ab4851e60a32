/**
 * Where a SQLite database is: the file behind a path or a URI, https://www.sqlite.org/uri.html.
 *
 * @module
 */

/** A database, as SQLite finds it. */
export interface Location {
  /** What SQLite opens: the same one when the process goes to another folder. */
  readonly name: string;
  /** The path of its file; undefined in memory, for a temporary file, and for a URI that SQLite will refuse. */
  readonly file: string | undefined;
  /** Whether the file is to be made when it is not there. */
  readonly makes: boolean;
}

const URI = /^file:(\/\/[^/]*)?([^?#]*)(\?[^#]*)?/;

/** @throws URIError when the path is no UTF-8. */
export function locate(given: string, resolve: (path: string) => string): Location {
  const uri = URI.exec(given);
  if (uri === null) return given === "" || given === ":memory:" ? unchanged(given) : at(resolve(given));
  const [, host = "", path = "", query = ""] = uri;
  const { mode, vfs } = Object.fromEntries(new URLSearchParams(query));
  const isFile = path !== "" && path !== ":memory:" && mode !== "memory" && vfs !== "memdb" && /^(\/\/(localhost)?)?$/.test(host);
  // Where the root is not "/", there are no modes to set, and other paths.
  if (!isFile || resolve("/") !== "/") return unchanged(given);
  const file = resolve(path.replace(/(%[0-9a-f]{2})+/gi, decodeURIComponent));
  const makes = mode === undefined || mode === "rwc";
  // As a path, wherever that says it all: Node knows URIs from 22.15 on.
  return query === "" ? at(file) : { name: `file:${file.replace(/[%?#]/g, encodeURIComponent)}${query}`, file, makes };
}

function at(file: string): Location {
  return { name: file, file, makes: true };
}

function unchanged(name: string): Location {
  return { name, file: undefined, makes: false };
}
