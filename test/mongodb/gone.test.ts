import { describe, expect, it } from "vitest";
import { mongodb } from "../../src/stores/mongodb/index.ts";
import { goneCases } from "../contracts/gone.ts";
import { serverOfFile } from "./server.ts";

const mongo = serverOfFile();

describe("a request whose session is not there any more: MongoDB", () => {
  for (const { name, run } of goneCases(() => mongodb(mongo.client), expect)) it(name, run);
});
