/** Makes histories of a store: three processes ask it at the same time, and while they do, its server, or one of them, is killed. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Observed } from "./linearizable.ts";
import type { Running } from "./place.ts";
import { PLACES } from "./places.ts";
import type { Line, Orders } from "./process.ts";

const PROCESSES = 3;
const CLIENTS = 3;

/** How much is recorded. */
export interface Plan {
  readonly calls: number;
  /** How many groups of ids the calls go to, some at a time. */
  readonly groups: number;
  /** How often something is killed. */
  readonly kills: number;
}

/** The histories of the groups. */
export async function record(name: string, { calls, groups, kills }: Plan): Promise<Observed[][]> {
  const folder = mkdtempSync(join(tmpdir(), "histories-"));
  const running = await PLACES[name]?.start();
  if (running === undefined) throw new Error(`Cannot make a history: there is no ${name}`);
  const file = join(folder, "calls");
  const orders: Orders = {
    ...{ place: name, at: running.at, file, run: String(process.pid), process: 0, clients: CLIENTS, groups },
    ...{ from: 0, to: Math.ceil(calls / PROCESSES / CLIENTS), begin: Math.floor(Date.now() / 1000) },
  };
  const players = Array.from({ length: PROCESSES }, (_none, index) => new Player({ ...orders, process: index }));
  try {
    for (let kill = 1; kill <= kills; kill++) {
      await until(players, (kill * calls) / (kills + 1));
      await strike(running, players[kill % PROCESSES] as Player, PROCESSES + kill);
    }
    await Promise.all(players.map((player) => player.done()));
    return historiesIn(readFileSync(file, "utf8"));
  } finally {
    for (const player of players) player.kill();
    await running.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function until(players: readonly Player[], count: number): Promise<void> {
  while (players.reduce((sum, { calls }) => sum + calls, 0) < count && players.some(({ isOver }) => !isOver))
    await new Promise((resolve) => setTimeout(resolve, 1));
}

async function strike(running: Running, victim: Player, next: number): Promise<void> {
  if (running.crash !== undefined) await running.crash();
  else victim.replace(next);
}

/** A process, and who takes its place. */
class Player {
  readonly #orders: Orders;
  #child: ChildProcess;
  #earlier = 0;
  #latest = 0;
  isOver = false;

  constructor(orders: Orders) {
    this.#orders = orders;
    this.#child = this.#start(orders);
  }

  get calls(): number {
    return this.#earlier + this.#latest;
  }

  /** Kills it, and lets another one make the calls that are left. */
  replace(next: number): void {
    this.kill();
    this.#earlier += this.#latest;
    this.#latest = 0;
    this.#child = this.#start({ ...this.#orders, process: next, from: Math.floor(this.#earlier / CLIENTS) });
  }

  async done(): Promise<void> {
    const { exitCode } = this.#child;
    const code = exitCode ?? (await once(this.#child, "exit"))[0];
    if (code !== 0) throw new Error(`Cannot make a history: a process ended with ${code}`);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #start(orders: Orders): ChildProcess {
    const child = fork("test/histories/process.ts", [JSON.stringify(orders)]);
    child.on("message", (count) => {
      if (child === this.#child) this.#latest = Number(count);
    });
    child.once("exit", (code) => {
      if (code !== null) this.isOver = true;
    });
    return child;
  }
}

/** The calls of each group. A call that nobody wrote an answer to has none. */
function historiesIn(text: string): Observed[][] {
  const groups = new Map<number, Observed[]>();
  const open = new Map<string, { index: number; history: Observed[] }>();
  // The last line of a process that was killed may be half a line.
  const lines = text.split("\n").flatMap((line) => (line.endsWith("}") ? [JSON.parse(line) as Line] : []));
  for (const line of lines) {
    if ("call" in line) {
      const history = groups.get(line.group) ?? [];
      groups.set(line.group, history);
      const { by, call, at } = line;
      const index = history.push({ by, call, answer: null, began: at, ended: Number.POSITIVE_INFINITY }) - 1;
      open.set(by, { index, history });
      continue;
    }
    const { index, history } = open.get(line.by) as { index: number; history: Observed[] };
    if (line.answer !== null) history[index] = { ...(history[index] as Observed), answer: line.answer, ended: line.at };
  }
  return [...groups.values()];
}
