/** A memory store whose every call waits for its turn, before and after, and is told to the model. */
import { AsyncLocalStorage } from "node:async_hooks";
import { memory } from "../../src/stores/memory.ts";
import { isMoved, type SessionStore } from "../../src/stores/store.ts";
import type { Random, Scheduler } from "./schedule.ts";
import type { Model } from "./schedule-model.ts";
import type { Visit } from "./schedule-visit.ts";

/** Which request is running. */
export const running = new AsyncLocalStorage<Visit>();

/** How the store misbehaves, within what a store may do. */
export interface Weather {
  /** How often `ifVersion` meets a conflict that is none. */
  readonly conflicts: number;
  /** How often a load finds a session as it was before its last change: before its mark, or its end. */
  readonly late: number;
}

type Found = Awaited<ReturnType<SessionStore["load"]>>;

/** The store of one schedule. */
export class ScheduledStore implements SessionStore {
  readonly guarantees: SessionStore["guarantees"];
  readonly inner: SessionStore = memory();
  readonly #scheduler: Scheduler;
  readonly #model: Model;
  readonly #random: Random;
  readonly #earlier = new Map<string, Found>();
  #weather: Weather;

  constructor(scheduler: Scheduler, model: Model, random: Random, weather: Weather) {
    this.#scheduler = scheduler;
    this.#model = model;
    this.#random = random;
    this.#weather = weather;
    this.guarantees = { atomic: true, immediate: weather.late === 0 };
  }

  /** From now on it does everything at once, and as it should. */
  calm(): void {
    this.#weather = { conflicts: 0, late: 0 };
  }

  load: SessionStore["load"] = (key, options) =>
    this.#do(async (visit) => {
      const earlier = this.#earlier.get(key.id);
      const isLate = earlier != null && !isMoved(earlier) && this.#random.chance(this.#weather.late);
      const found = isLate ? earlier : await this.inner.load(key, options);
      this.#model.loaded(visit, key.id, found);
      return found;
    });

  create: SessionStore["create"] = (key, record, options) =>
    this.#do(async (visit) => {
      await this.inner.create(key, record, options);
      this.#model.created(visit, key.id, record);
    });

  update: SessionStore["update"] = (key, patch, options) =>
    this.#do(async (visit) => {
      const isStep = options.ifVersion !== undefined;
      if (isStep && this.#random.chance(this.#weather.conflicts)) return { ok: false, why: "conflict" };
      await this.#remember(key.id, options.now);
      const result = await this.inner.update(key, patch, options);
      this.#model.updated(visit, key.id, result, isStep);
      return result;
    });

  replace: SessionStore["replace"] = (from, to, patch, record, options) =>
    this.#do(async (visit) => {
      await this.#remember(from.id, record.seenAt);
      const result = await this.inner.replace(from, to, patch, record, options);
      this.#model.replaced(visit, from.id, to.id, result, record, options.follow);
      return result;
    });

  touch: SessionStore["touch"] = (key, options) =>
    this.#do(async (visit) => {
      const touched = await this.inner.touch(key, options);
      this.#model.touched(visit, key.id, touched);
      return touched;
    });

  remove: SessionStore["remove"] = (key) =>
    this.#do(async (visit) => {
      await this.#remember(key.id, 0);
      await this.inner.remove(key);
      this.#model.removed(visit, key.id);
    });

  async #remember(id: string, now: number): Promise<void> {
    if (this.#weather.late > 0) this.#earlier.set(id, await this.inner.load({ id }, { now }));
  }

  async #do<Result>(call: (visit: Visit) => Promise<Result>): Promise<Result> {
    await this.#scheduler.turn();
    const result = await call(running.getStore() as Visit);
    await this.#scheduler.turn();
    return result;
  }
}
