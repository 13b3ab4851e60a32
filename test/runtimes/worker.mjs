// Runs the portable suite on workerd, as its own test command: see workerd.capnp.
import { run } from "./portable.mjs";

const koa = () => import("./koa.mjs");
const node = () => import("./node.mjs");

export default {
  async test(_controller, { GLOBALS: globals, NODE_CRYPTO: nodeCrypto }) {
    console.log(`outcome ${JSON.stringify(await run({ globals, nodeCrypto, koa, node }))}`);
  },
};
