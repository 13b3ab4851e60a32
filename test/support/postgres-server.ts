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

// The files of its log are of 1 MB: so they stay below a limit on the size of files.
const INITDB = "-U postgres -A trust -E UTF8 --locale=C --no-sync --wal-segsize=1".split(" ");

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

/** Connects, asks, and leaves. */
export async function answersAt(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  await client.query("SELECT 1");
  await client.end();
}

/** A shell that lets no file grow beyond so many blocks, and becomes the program. To Postgres that is what a full disk is. */
const limited = (blocks: number) => ["sh", "-c", 'ulimit -f "$0" && exec "$@"', String(blocks)] as const;

/**
 * Starts a server; `options` are settings, such as `["max_connections=20"]`. All others are as Postgres comes.
 *
 * @param fileBlocks How large a file may get, in the blocks of `ulimit -f`: beyond, the disk is full.
 */
export async function startPostgres(options: string[] = [], fileBlocks?: number): Promise<PostgresServer> {
  const [bin, port] = [programs(), await freePort()];
  const url = (role = "postgres") => `postgres://${role}@127.0.0.1:${port}/postgres`;
  const settings = ["listen_addresses=127.0.0.1", `port=${port}`, "unix_socket_directories=", ...options];
  const program = [`${bin}postgres`] as const;
  const command = fileBlocks === undefined ? program : ([...limited(fileBlocks), ...program] as const);
  const server = await startIn(
    "postgres",
    port,
    (folder) => [`${bin}initdb`, "-D", folder, ...INITDB],
    (folder) => [...command, "-D", folder, ...settings.flatMap((setting) => ["-c", setting])],
    () => answersAt(url()),
  );
  return { ...server, url };
}
