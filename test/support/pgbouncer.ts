/** A real PgBouncer before a Postgres server: each transaction may get another one of its few connections. */
import { freePort } from "./free-port.ts";
import { answersAt, type PostgresServer } from "./postgres-server.ts";
import { type DatabaseServer, startIn } from "./server-folder.ts";

/** How many connections to Postgres all clients share. */
const CONNECTIONS = 3;

/** Starts one in its transaction mode, all other settings as PgBouncer comes. */
export async function startPgBouncer(behind: PostgresServer): Promise<DatabaseServer & { readonly url: string }> {
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const settings = `[databases]
postgres = host=127.0.0.1 port=${behind.port} user=postgres

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${CONNECTIONS}
`;
  const server = await startIn(
    "pgbouncer",
    port,
    () => ["true"],
    (folder) => ["pgbouncer", "--quiet", `${folder}/pgbouncer.ini`],
    () => answersAt(url),
    { "pgbouncer.ini": settings },
  );
  return { ...server, url };
}
