/**
 * The benchmark of requests: npm run bench -- [--quick] [--only S1,S2] [--match text]
 * Prints the table and the budgets; the whole run also writes bench/results.md.
 */
import { parseArgs } from "node:util";
import { measure } from "./harness/measure.ts";
import { checkBudgets } from "./report/budgets.ts";
import { renderBudgets, renderTables } from "./report/tables.ts";
import { writeSection } from "./report/write.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    match: { type: "string", default: "" },
    rounds: { type: "string", default: "24" },
  },
});
const ids = values.only?.split(",");
const plan = values.quick ? { rounds: 3, batchMs: 1 } : { rounds: Number(values.rounds), batchMs: 8 };

// Some libraries print every cookie that they refuse.
const { error } = console;
console.error = () => {};
const begun = Date.now();
const measured = await measure(
  plan,
  (contender, scenario) => (ids === undefined || ids.includes(scenario.id)) && contender.name.includes(values.match),
);
console.error = error;

const tables = renderTables(measured);
const budgets = renderBudgets(checkBudgets(measured));
console.log(`${tables}\n\n${budgets}`);
console.log(
  `\n${measured.length} cases, each checked before it was timed; ${plan.rounds} rounds; ${Math.round((Date.now() - begun) / 1000)} s`,
);
if (!values.quick && ids === undefined && values.match === "") writeSection("requests", `${tables}\n\n${budgets}`, plan.rounds);
process.exit();
