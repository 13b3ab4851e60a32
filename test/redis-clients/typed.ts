// Compiled by types.test.ts, where the packages are: the clients fit as their types are published.
import { Redis as Upstash } from "@upstash/redis";
import { Redis as UpstashOnWorkers } from "@upstash/redis/cloudflare";
import { Cluster, Redis } from "iovalkey";
import { redis } from "../../src/stores/redis/index.ts";

redis(new Upstash({ url: "https://example.upstash.io", token: "", retry: { retries: 0 } }));
redis(Upstash.fromEnv({ automaticDeserialization: false }));
redis(new UpstashOnWorkers({ url: "https://example.upstash.io", token: "" }));
redis(new Redis());
redis(new Cluster([]), { prefix: "{session}:" });
