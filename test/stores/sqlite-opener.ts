/** A thread that opens many new databases, each at the same moment as the other threads. */
import { parentPort, workerData } from "node:worker_threads";
import { sqlite } from "../../src/stores/sql/sqlite.ts";

const { folder, files, threads, counters } = workerData as {
  folder: string;
  files: number;
  threads: number;
  counters: Int32Array;
};
const failures: string[] = [];
for (let file = 0; file < files; file++) {
  Atomics.add(counters, file, 1);
  while (Atomics.load(counters, file) < threads);
  try {
    await sqlite(`${folder}/new-${file}.db`).load({ id: "an-id-of-nobody" }, { now: 0 });
  } catch (error) {
    failures.push(String(error));
  }
}
parentPort?.postMessage(failures);
