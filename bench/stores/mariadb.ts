/**
 * MariaDB under test: a server of its own on this machine, ours and a peer by the package `mysql2`.
 *
 * @module
 */
import ExpressMySqlSession from "express-mysql-session";
import expressSession from "express-session";
import { createPool, type Pool } from "mysql2/promise";
import { type MysqlClient, mysql } from "../../dist/stores/sql/mysql.js";
import { startMariadb } from "../../test/support/mariadb-server.ts";
import type { Database } from "./database.ts";
import { onExpress } from "./express.ts";
import { ourRows } from "./ours.ts";
import { Statements } from "./statements.ts";

type MakePool = () => Pool;

const MySqlStore = ExpressMySqlSession(expressSession as never);

/** Its links make pools. */
export const mariadbDatabase: Database<MakePool> = {
  name: "MariaDB",
  turns: "round trips, and statements",
  contenders: [
    ...ourRows(async (pool: MakePool) => mysql(pool() as MysqlClient)),
    {
      name: "express-session, express-mysql-session",
      ours: false,
      async app(pool, setting) {
        const store = new MySqlStore({ disableTouch: setting !== "touching", clearExpired: false }, pool() as never);
        await store.onReady();
        return onExpress(store);
      },
    },
  ],
  async start() {
    const server = await startMariadb(["--max-connections=400"]);
    const statements = new Statements();
    const direct = () => createPool({ uri: server.url() });
    const counted = () => {
      const pool = direct();
      pool.on("connection", (connection) => statements.watch(connection, "query", "execute"));
      return pool;
    };
    return { direct, counted, traffic: statements.traffic, processor: async () => 0, stop: server.stop };
  },
  row(pool) {
    const client = pool();
    return {
      store: mysql(client as MysqlClient),
      select: async (id) => (await client.execute("SELECT * FROM web_sessions WHERE id = ?", [id]))[0],
    };
  },
};
