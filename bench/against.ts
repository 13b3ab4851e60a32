/**
 * This build next to an earlier one, without peers: npm run bench -- --against <git ref> [--quick]. A part of it:
 * node --expose-gc bench/against.ts <git ref> [--quick] [--only S1,S2] [--match text] [--rounds 30]
 */
import { parseArgs } from "node:util";
import { libraryOf } from "./against/library.ts";
import { compare } from "./against/pairs.ts";
import { buildOf, type Past } from "./against/past.ts";
import { renderComparison, renderLeftOut } from "./against/table.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    match: { type: "string", default: "" },
    rounds: { type: "string", default: "30" },
  },
});
const [ref = "HEAD"] = positionals;
const ids = values.only?.split(",");
// Many short rounds: what is looked for is small, and a pair is disturbed as a whole.
const plan = values.quick ? { rounds: 3, batchMs: 1 } : { rounds: Number(values.rounds), batchMs: 10 };

const past = built();
const begun = Date.now();
const { pairs, leftOut } = await compare(
  await libraryOf(past),
  plan,
  (contender, scenario) => (ids === undefined || ids.includes(scenario.id)) && contender.name.includes(values.match),
);
console.log(`Microseconds a request, with the framework. Before is ${ref} (${past.commit.slice(0, 7)}), now the working tree.\n`);
console.log(renderComparison(pairs));
if (leftOut.length > 0) console.log(`\n${renderLeftOut(leftOut, ref)}`);
console.log(
  `\n${pairs.length} cases, each checked before it was timed; ${plan.rounds} rounds; ${Math.round((Date.now() - begun) / 1000)} s`,
);
process.exit();

function built(): Past {
  try {
    return buildOf(ref);
  } catch (error) {
    console.log((error as Error).message);
    process.exit(1);
  }
}
