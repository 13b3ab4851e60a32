// The small page of koa-page.ts on Cloudflare Workers, with sessions in Durable Objects. Copy both files and koa-on-workers.toml
// into a project of your own, and install what they need: npm install web-session-store koa wrangler
// Start it with: npx wrangler dev -c koa-on-workers.toml
// Set SESSION_SECRET in .dev.vars, or with: npx wrangler secret put SESSION_SECRET

import { httpServerHandler } from "cloudflare:node";
import { env } from "cloudflare:workers";
import { createServer } from "node:http";
import { durableObject } from "web-session-store/stores/durable-object";
import { koaPage } from "./koa-page.ts";

export { SessionObject } from "web-session-store/stores/session-object";

const PORT = 8080;
const app = koaPage("Koa on Workers", env.SESSION_SECRET, durableObject(env.SESSIONS));
// No port is opened. Workers only find the server by it.
createServer(app.callback()).listen(PORT);

export default httpServerHandler({ port: PORT });
