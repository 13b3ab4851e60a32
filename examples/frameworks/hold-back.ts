/** Keeps an answer on Node's response back until something else is done. */
import type { ServerResponse } from "node:http";

/**
 * When the answer is about to leave, `first` is called, and the answer leaves once that is done. When it throws, the answer is dropped, and
 * `onError` has to give another, before which `first` is called with true. An answer that streams by then has no end that could be told from
 * the beginning of another, so the connection is closed instead.
 */
export function holdBack(res: ServerResponse, first: (again: boolean) => Promise<void>, onError: (error: unknown) => void) {
  let [held, again, isFree, isOver]: [(() => void)[], boolean, boolean, boolean] = [[], false, false, false];
  const { writeHead } = res;

  async function leave(isStream: boolean): Promise<void> {
    try {
      await first(again);
    } catch (error) {
      if (!again) {
        [held, again, isOver] = [[], true, isStream];
        if (isStream) await first(true).catch(() => {});
        onError(error);
        if (isStream) res.destroy();
        return;
      }
      // That of the error leaves, whatever becomes of the session.
    }
    isFree = true;
    for (const send of held) send();
    res.emit("drain");
  }

  // Whoever asks before an error is answered must not add to an answer that is there.
  const headersSent = () => held.length > 0 || Reflect.get(Object.getPrototypeOf(res), "headersSent", res);
  Object.defineProperty(res, "headersSent", { configurable: true, get: headersSent });
  // It sends nothing yet, and would put its headers in the place of what is set until then.
  res.writeHead = (status: number, ...given: unknown[]) => {
    if (isFree) return writeHead.apply(res, [status, ...given] as never);
    res.statusCode = status;
    for (const [name, value] of pairsOf(given.at(-1))) res.setHeader(name, value);
    return res;
  };
  for (const name of ["write", "end", "flushHeaders"] as const) {
    const real = res[name] as (...given: unknown[]) => unknown;
    const hold = (...given: unknown[]) => {
      if (isFree) return real.apply(res, given);
      // What comes after the end of an answer is no part of it.
      if (isOver) return name === "write" ? false : res;
      isOver = name === "end";
      if (held.push(() => void real.apply(res, given)) === 1) void leave(!isOver);
      // A stream that is piped here waits after false, until "drain".
      return name === "write" ? false : res;
    };
    res[name] = hold as never;
  }
}

/** The headers that `writeHead()` was given: an object, or a list of names and values in turn. */
function pairsOf(headers: unknown): [name: string, value: string][] {
  if (!Array.isArray(headers)) return typeof headers === "object" ? Object.entries(headers ?? {}) : [];
  return headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1]]] : []));
}
