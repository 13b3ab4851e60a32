/**
 * Calls on a session that a handler may have forgotten to await: the response waits for them.
 *
 * @module
 */
import { StateError } from "../ground/errors.ts";
import { inTime } from "../ground/in-time.ts";

/** The longest wait of a response, in milliseconds. */
const LONGEST_WAIT = 30_000;

/** One request's calls that are not done, or that failed unnoticed. */
export class PendingCalls {
  readonly #calls = new Set<Call<unknown>>();

  get isEmpty(): boolean {
    return this.#calls.size === 0;
  }

  /** Begins a call. If it fails and nobody awaits it, the response fails. */
  run<Result>(call: () => Promise<Result>): Promise<Result> {
    const running = Call.of(call());
    this.#calls.add(running);
    running.settled.then(
      () => this.#calls.delete(running),
      () => {
        if (running.isHeard) this.#calls.delete(running);
      },
    );
    return running;
  }

  /**
   * Waits for all calls, including those that begin meanwhile.
   *
   * @throws the first error of a call that nobody awaited; StateError if one takes too long.
   */
  async done(): Promise<void> {
    const deadline = Date.now() + LONGEST_WAIT;
    const failures: unknown[] = [];
    for (let call = this.#first(); call !== undefined; call = this.#first()) {
      try {
        await inTime((deadline - Date.now()) / 1000, () => call.settled, tooLate);
      } catch (error) {
        if (!call.isHeard) failures.push(error);
      }
      this.#calls.delete(call);
    }
    if (failures.length > 0) throw failures[0];
  }

  #first(): Call<unknown> | undefined {
    return this.#calls.values().next().value;
  }
}

/** Begins a call of a request. The response waits for calls that nobody awaited. */
export function begin<Result>(visit: { pending: PendingCalls | null }, call: () => Promise<Result>): Promise<Result> {
  visit.pending ??= new PendingCalls();
  return visit.pending.run(call);
}

/** A promise that knows whether anybody awaits it. An unnoticed failure must not end the process. */
class Call<Result> extends Promise<Result> {
  isHeard = false;
  /** The call itself. Awaiting this does not count. */
  declare settled: Promise<Result>;

  // `then` and `finally` return ordinary promises.
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  static of<Result>(settled: Promise<Result>): Call<Result> {
    const call = new Call<Result>((resolve, reject) => {
      settled.then(resolve, reject);
    });
    call.settled = settled;
    call.then(undefined, () => {});
    call.isHeard = false;
    return call;
  }

  // biome-ignore lint/suspicious/noThenProperty: a promise has one.
  override then<Next = Result, Caught = never>(
    next?: ((value: Result) => Next | PromiseLike<Next>) | null,
    caught?: ((reason: unknown) => Caught | PromiseLike<Caught>) | null,
  ): Promise<Next | Caught> {
    this.isHeard = true;
    return super.then(next, caught);
  }
}

function tooLate(): StateError {
  return new StateError(
    "ERR_SESSION_PENDING",
    `Cannot commit the session: update() or save() is not done after ${LONGEST_WAIT / 1000} seconds. Await it in the handler`,
  );
}
