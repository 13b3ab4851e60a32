// Runs the portable suite on Node, Deno or Bun. The arguments say what of Node it has: its globals, and its cryptography.
import { run } from "../../.portable/portable.mjs";

const [, , globals, nodeCrypto] = process.argv;
const koa = () => import("../../.portable/koa.mjs");
const node = () => import("../../.portable/node.mjs");
console.log(`outcome ${JSON.stringify(await run({ globals: globals.split(","), nodeCrypto, koa, node }))}`);
