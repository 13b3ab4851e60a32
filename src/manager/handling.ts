/**
 * Handlers with a session: loaded before them, saved after them, and what a throw means.
 *
 * @module
 */
import { GoneError } from "../ground/errors.ts";
import type { MaybePromise } from "../ground/maybe-promise.ts";
import type { Session } from "../session/session.ts";
import { isUpgraded } from "./handshake.ts";
import { isAnswer } from "./headers.ts";

/** Answers a request, knowing its session; what else the server passes comes after. `Incoming` is what the server calls a request. */
export type SessionHandler<Data extends object, Rest extends unknown[], Incoming extends Request = Request> = (
  request: Incoming,
  session: Session<Data>,
  ...rest: Rest
) => Response | Promise<Response>;

/** What a handler's session goes through. */
interface Steps<Data extends object> {
  load(request: Request): MaybePromise<Session<Data>>;
  commit(session: Session<Data>, answer: { headers: null; failed?: boolean }): MaybePromise<unknown>;
  apply(session: Session<Data>, response: Response, failed?: boolean): MaybePromise<Response>;
}

/** Wraps a handler. */
export function handling<Data extends object, Rest extends unknown[], Incoming extends Request>(
  { load, commit, apply }: Steps<Data>,
  answer: SessionHandler<Data, Rest, Incoming>,
): (request: Incoming, ...rest: Rest) => Promise<Response> {
  return async (request, ...rest) => {
    const loading = load(request);
    const session = loading instanceof Promise ? await loading : loading;
    const response = await answered(session, request, rest);
    try {
      // Bun takes no answer then; its documentation gives none.
      if (isUpgraded(request, rest[0])) {
        await commit(session, { headers: null });
        return response;
      }
      const applying = apply(session, response);
      return applying instanceof Promise ? await applying : applying;
    } catch (thrown) {
      if (!(thrown instanceof GoneError)) {
        await commit(session, { headers: null, failed: true });
        throw thrown;
      }
      // What was not written is dropped; the cookie of an id that save() wrote goes with this answer, too.
      return apply(session, thrown.getResponse(), true);
    }
  };

  async function answered(session: Session<Data>, request: Incoming, rest: Rest): Promise<Response> {
    try {
      return await answer(request, session, ...rest);
    } catch (thrown) {
      // A thrown Response is an answer, whatever its status, and so is what the library says of a session that is gone.
      if (isAnswer(thrown)) return thrown;
      if (thrown instanceof GoneError) return thrown.getResponse();
      await commit(session, { headers: null, failed: true });
      throw thrown;
    }
  }
}
