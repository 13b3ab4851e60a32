// A small page on Koa, with sessions in MongoDB. They survive a restart, and several processes can share them.
// Start it with:  node examples/koa-mongodb.ts
// It needs a replica set (one member is enough) at MONGODB_URL (mongodb://127.0.0.1:27017/shop?replicaSet=rs0) and
// SESSION_SECRET. Create a secret with: npx web-session-store keygen
import { MongoClient } from "mongodb";
import { mongodb } from "web-session-store/stores/mongodb";
import { koaPage } from "./koa-page.ts";

// If MongoDB is down, fail after two seconds instead of the driver's thirty. The client reconnects by itself.
const url = process.env.MONGODB_URL ?? "mongodb://127.0.0.1:27017/shop?replicaSet=rs0";
const client = new MongoClient(url, { serverSelectionTimeoutMS: 2000 });

const app = koaPage("Koa and MongoDB", process.env.SESSION_SECRET ?? "", mongodb(client, { timeout: 2 }));
app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1");
