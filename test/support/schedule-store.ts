/** A store whose every call waits for its turn, before and after, and is recorded. */
import { AsyncLocalStorage } from "node:async_hooks";
import { isMoved } from "../../src/session/record.ts";
import type { SessionStore } from "../../src/stored/contract.ts";
import type { Random, Scheduler } from "./schedule.ts";
import type { Doing, Recorder } from "./schedule-recorder.ts";

/** Who is running. */
export const running: AsyncLocalStorage<{ readonly doing: Doing }> = new AsyncLocalStorage();

/** How the store misbehaves, within what a store may do. */
export interface Weather {
  /** How often `ifVersion` meets a conflict that is none. */
  readonly conflicts: number;
  /** How often a load finds a session as it was before its last change: before its mark, or its end. */
  readonly late: number;
}

type Found = Awaited<ReturnType<SessionStore["load"]>>;

/** The store of one schedule, over a real one. */
export class ScheduledStore implements SessionStore {
  readonly guarantees: SessionStore["guarantees"];
  readonly inner: SessionStore;
  readonly route?: NonNullable<SessionStore["route"]>;
  readonly recordRoute?: NonNullable<SessionStore["recordRoute"]>;
  readonly #scheduler: Scheduler;
  readonly #recorder: Recorder;
  readonly #random: Random;
  readonly #earlier = new Map<string, Found>();
  #weather: Weather;

  constructor(inner: SessionStore, scheduler: Scheduler, recorder: Recorder, random: Random, weather: Weather) {
    this.inner = inner;
    this.#scheduler = scheduler;
    this.#recorder = recorder;
    this.#random = random;
    this.#weather = weather;
    this.guarantees = { atomic: true, immediate: weather.late === 0 };
    if (inner.route !== undefined) this.route = (subject) => this.#work(inner.route?.(subject) as Promise<string>);
    if (inner.recordRoute !== undefined) this.recordRoute = (id) => this.#work(inner.recordRoute?.(id) as Promise<string>);
  }

  /** From now on it does everything as it should. */
  calm(): void {
    this.#weather = { conflicts: 0, late: 0 };
  }

  load: SessionStore["load"] = (key, options) =>
    this.#do(async () => {
      const earlier = this.#earlier.get(key.id);
      if (earlier != null && !isMoved(earlier) && this.#random.chance(this.#weather.late)) return earlier;
      const found = await this.#work(this.inner.load(key, options));
      this.#recorder.loaded(key, found, options.now);
      return found;
    });

  create: SessionStore["create"] = (key, record, options) =>
    this.#do(async (doing) => {
      await this.#work(this.inner.create(key, record, options));
      this.#recorder.created(doing, key, record);
    });

  update: SessionStore["update"] = (key, patch, options) =>
    this.#do(async (doing) => {
      if (options.ifVersion !== undefined && this.#random.chance(this.#weather.conflicts)) return { ok: false, why: "conflict" };
      await this.#remember(key, options.now);
      const result = await this.#work(this.inner.update(key, patch, options));
      this.#recorder.updated(doing, key, patch, options, result);
      return result;
    });

  replace: SessionStore["replace"] = (from, to, patch, record, move) =>
    this.#do(async (doing) => {
      await this.#remember(from, record.seenAt);
      const result = await this.#work(this.inner.replace(from, to, patch, record, move));
      this.#recorder.replaced(doing, from, to, { patch, record, move }, result);
      return result;
    });

  touch: SessionStore["touch"] = (key, options) =>
    this.#do(async () => {
      const touched = await this.#work(this.inner.touch(key, options));
      this.#recorder.touched(key, touched, options);
      return touched;
    });

  remove: SessionStore["remove"] = (key) =>
    this.#do(async (doing) => {
      await this.#remember(key, 0);
      await this.#work(this.inner.remove(key));
      this.#recorder.removed(doing, key, this.#recorder.mayStop(key) ? await this.#left(key) : []);
    });

  async #left(key: Parameters<SessionStore["load"]>[0]): Promise<string[]> {
    const found = this.#recorder
      .chain(key)
      .map(async (id) => ((await this.#work(this.inner.load({ id }, { now: 0 }))) === null ? [] : [id]));
    return (await Promise.all(found)).flat();
  }

  take: SessionStore["take"] = (key) =>
    this.#do(async (doing) => {
      const found = await this.#work(this.inner.take(key));
      this.#recorder.taken(doing, key, found);
      return found;
    });

  list = (subject: string): ReturnType<NonNullable<SessionStore["list"]>> =>
    this.#do(() => this.#work(this.inner.list?.(subject) ?? Promise.resolve([])));

  removeAll: NonNullable<SessionStore["removeAll"]> = (subject, options) =>
    this.#do(async (doing) => {
      const count = await this.#work(this.inner.removeAll?.(subject, options) ?? Promise.resolve(0));
      this.#recorder.removedAll(doing, subject, options?.except);
      return count;
    });

  async #remember(key: Parameters<SessionStore["load"]>[0], now: number): Promise<void> {
    if (this.#weather.late > 0) this.#earlier.set(key.id, await this.#work(this.inner.load(key, { now })));
  }

  #work<Result>(call: Promise<Result>): Promise<Result> {
    return this.#scheduler.working(call);
  }

  async #do<Result>(call: (doing: Doing) => Promise<Result>): Promise<Result> {
    await this.#scheduler.turn();
    const { doing } = running.getStore() as { doing: Doing };
    const result = await call(doing);
    await this.#scheduler.turn();
    return result;
  }
}
