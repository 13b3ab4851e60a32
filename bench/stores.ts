/**
 * Sessions in databases: how often a request waits for the database, and how many requests a second there are. node bench/stores.ts [--quick]
 *
 * Applications are called without a network, as in bench/run.ts; the database is real, and on this machine.
 */
import { renderBudgets } from "./report/tables.ts";
import { writeSection } from "./report/write.ts";
import { DATABASES } from "./stores/all.ts";
import { checkBare, measureBare, renderBare } from "./stores/bare.ts";
import { IN_FLIGHT, measureStores } from "./stores/measure.ts";
import { checkStores, renderStores } from "./stores/table.ts";

const quick = process.argv.includes("--quick");
const plan = quick ? { rounds: 2, batchMs: 4 } : { rounds: 8, batchMs: 30 };

// Some libraries print every cookie that they refuse.
const { error } = console;
console.error = () => {};
const tables: string[] = [];
const verdicts = [];
for (const database of DATABASES) {
  const rows = await measureStores(database, plan);
  tables.push(renderStores(database.name, database.turns, rows));
  verdicts.push(...checkStores(database.name, rows));
  const bare = await measureBare(database, plan);
  if (bare === undefined) continue;
  tables.push(renderBare(database.name, bare));
  verdicts.push(...checkBare(database.name, bare));
}
console.error = error;

const text = `${IN_FLIGHT} requests in flight, ${plan.batchMs} ms a row and round. In brackets: how many times what the best peer has, in the same round. Of processor
time, which other programs on the machine lengthen little, less is better.\n\n${[...tables, renderBudgets(verdicts)].join("\n\n")}`;
console.log(text);
if (!quick) writeSection("stores", text, plan.rounds);
process.exit();
