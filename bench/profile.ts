/** One case in a loop, for a profiler: node --cpu-prof bench/profile.ts "ours: fetch, readable" S1 [seconds] */
import { contenders } from "./contenders/all.ts";
import { SCENARIOS } from "./harness/contender.ts";
import { verify } from "./harness/verify.ts";

const [name, id, seconds = "3"] = process.argv.slice(2);
const contender = contenders.find((one) => one.name === name);
const scenario = SCENARIOS.find((one) => one.id === id);
if (contender === undefined || scenario === undefined) throw new Error(`Cannot profile ${name} ${id}: there is none`);
const app = await contender.app();
const { cookie } = await verify(app);
const send = app.ready(scenario.path, scenario.cookie ? cookie : undefined);
const end = Date.now() + 1000 * Number(seconds);
let times = 0;
const begun = performance.now();
while (Date.now() < end) for (let one = 0; one < 100; one++, times++) await send();
console.log(`${((1000 * (performance.now() - begun)) / times).toFixed(1)} microseconds a request`);
process.exit();
