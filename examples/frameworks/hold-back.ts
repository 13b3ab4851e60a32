/** Holds back a response of Node until something else is done. */
import type { ServerResponse } from "node:http";

/**
 * Calls `first` when the response is about to be sent, and sends it afterwards. If `first` throws, the response is
 * dropped and `onError` must send another. Before that one, `first` is called with true. If the dropped response
 * is a stream, the connection is closed instead, because a client could not tell the two responses apart.
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
      // Send the error's response, whatever happens to the session.
    }
    isFree = true;
    for (const send of held) send();
    res.emit("drain");
  }

  /** Node refuses what the handler wrote, after the handler. Uncaught, this would end the process. */
  function giveUp(error: unknown): void {
    console.warn(error);
    res.destroy();
  }

  // Error handlers check this, and must not add to a response that is on its way.
  const headersSent = () => held.length > 0 || Reflect.get(Object.getPrototypeOf(res), "headersSent", res);
  Object.defineProperty(res, "headersSent", { configurable: true, get: headersSent });
  // Nothing is sent yet, and these headers would override any that are set later.
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
      // Ignore anything after the end of the response.
      if (isOver) return name === "write" ? false : res;
      isOver = name === "end";
      if (held.push(() => void real.apply(res, given)) === 1) leave(!isOver).catch(giveUp);
      // False makes a piped stream wait for "drain".
      return name === "write" ? false : res;
    };
    res[name] = hold as never;
  }
}

/** The headers passed to `writeHead()`: an object, or a flat list of names and values. */
function pairsOf(headers: unknown): [name: string, value: string][] {
  if (!Array.isArray(headers)) return typeof headers === "object" ? Object.entries(headers ?? {}) : [];
  return headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1]]] : []));
}
