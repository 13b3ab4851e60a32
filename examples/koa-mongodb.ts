// A small page on Koa, with sessions in MongoDB: they survive a restart of this program, and several of it can run at once.
// Start it with:  node examples/koa-mongodb.ts
// It needs a replica set (one member will do) at MONGODB_URL (mongodb://127.0.0.1:27017/shop?replicaSet=rs0) and
// SESSION_SECRET; make one with: openssl rand -base64 32
import { MongoClient } from "mongodb";
import { mongodb } from "web-session-store/stores/mongodb";
import { koaPage } from "./koa-page.ts";

// While MongoDB is away, requests fail after two seconds, not after the driver's thirty. It connects again by itself.
const url = process.env.MONGODB_URL ?? "mongodb://127.0.0.1:27017/shop?replicaSet=rs0";
const client = new MongoClient(url, { serverSelectionTimeoutMS: 2000 });

const app = koaPage("Koa and MongoDB", process.env.SESSION_SECRET ?? "", mongodb(client, { timeout: 2 }));
app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1");
