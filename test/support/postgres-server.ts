/** Real PostgreSQL servers on free ports of this machine, each with a folder of its own. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import pg from "pg";
import { freePort } from "./free-port.ts";
import { type DatabaseServer, startIn } from "./server-folder.ts";

/** A Postgres server, whose superuser is `postgres`. */
export interface PostgresServer extends DatabaseServer {
  /** For the superuser, or another role; roles need no password. */
  url(role?: string): string;
}

const MISSING =
  "Cannot test with Postgres: there is no initdb. Install it: apt-get install postgresql, or brew install postgresql";
const DEBIAN = "/usr/lib/postgresql";

/** Where its programs are. Debian has them for several versions side by side, and none of them on the PATH. */
function programs(): string {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((left, right) => Number(right) - Number(left)) : [];
  const found = versions.map((version) => `${DEBIAN}/${version}/bin/`).find((folder) => existsSync(`${folder}initdb`));
  if (found !== undefined) return found;
  try {
    execFileSync("initdb", ["--version"], { stdio: "pipe" });
  } catch {
    throw new Error(MISSING);
  }
  return "";
}

/** Starts a server; `options` are settings, such as `["max_connections=20"]`. All others are as Postgres comes. */
export async function startPostgres(options: string[] = []): Promise<PostgresServer> {
  const [bin, port] = [programs(), await freePort()];
  const url = (role = "postgres") => `postgres://${role}@127.0.0.1:${port}/postgres`;
  const settings = ["listen_addresses=127.0.0.1", `port=${port}`, "unix_socket_directories=", ...options];
  const server = await startIn(
    "postgres",
    port,
    (folder) => [`${bin}initdb`, "-D", folder, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
    (folder) => [`${bin}postgres`, "-D", folder, ...settings.flatMap((setting) => ["-c", setting])],
    async () => {
      const client = new pg.Client({ connectionString: url() });
      client.on("error", () => {});
      await client.connect();
      await client.query("SELECT 1");
      await client.end();
    },
  );
  return { ...server, url };
}
