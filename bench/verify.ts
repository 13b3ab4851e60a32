/** Checks every contender without timing any: node bench/verify.ts */
import { contenders } from "./contenders/all.ts";
import { verify } from "./harness/verify.ts";

for (const { name, app } of contenders) {
  const outcome = await verify(await app()).catch((error: Error) => error);
  if (outcome instanceof Error) console.log(`FAILS ${name}: ${outcome.stack}`);
  else
    console.log(
      `ok    ${name}: ${outcome.cookie.length} B of cookies, ${outcome.refused} refused, ${outcome.linesOnRead} lines on read`,
    );
}
process.exit();
