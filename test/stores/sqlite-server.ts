/** An application with its sessions in SQLite, for tests of several processes. It is told the file, and how long to wait for it. */
import { sqlite } from "../../src/stores/sql/sqlite.ts";
import { serveSessions } from "../support/store-server.ts";

const { DATABASE = "", BUSY_TIMEOUT = "30" } = process.env;
serveSessions(sqlite(DATABASE, { busyTimeout: Number(BUSY_TIMEOUT) }));
