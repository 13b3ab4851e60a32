/** A process of an application, for tests, with the driver named by DRIVER. */
import { mongodb } from "../../src/stores/mongodb/index.ts";
import { writeInParallel } from "../support/parallel-writer.ts";
import { packages } from "./packages.ts";

const { MONGODB_URL = "", DRIVER = "" } = process.env;
const { MongoClient } = packages(DRIVER) as typeof import("mongodb");
await writeInParallel(mongodb(new MongoClient(MONGODB_URL), { timeout: 60 }));
