/** The example with Koa and MongoDB, started as its first lines say, and visited by browsers over HTTP. */
import { koaPageTests } from "../support/koa-page-suite.ts";
import { startMongo } from "./server.ts";

koaPageTests("koa-mongodb.ts", startMongo, ({ front }) => ({ MONGODB_URL: front.url }));
