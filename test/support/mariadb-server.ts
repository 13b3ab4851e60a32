/** Real MariaDB servers on free ports of this machine, each with a folder of its own. */
import { execFileSync } from "node:child_process";
import { createConnection } from "node:net";
import { freePort } from "./free-port.ts";
import { type DatabaseServer, startIn } from "./server-folder.ts";

/** A MariaDB server, with the database `sessions` and the account `root`, which needs no password. */
export interface MariadbServer extends DatabaseServer {
  url(account?: string): string;
}

const MISSING =
  "Cannot test with MariaDB: there is no mariadbd. Install it: apt-get install mariadb-server-core mariadb-client-core, or brew install mariadb";

function assertInstalled(): void {
  try {
    execFileSync("mariadbd", ["--version"], { stdio: "pipe" });
  } catch {
    throw new Error(MISSING);
  }
}

/** Starts a server; `options` are those of its command line. All others are as MariaDB comes. */
export async function startMariadb(options: string[] = []): Promise<MariadbServer> {
  assertInstalled();
  const port = await freePort();
  const server = await startIn(
    "mariadb",
    port,
    (folder) => [
      "mariadb-install-db",
      "--no-defaults",
      `--datadir=${folder}/data`,
      "--auth-root-authentication-method=normal",
      "--skip-test-db",
    ],
    (folder) => [
      ...(["mariadbd", "--no-defaults", `--datadir=${folder}/data`, `--port=${port}`, "--bind-address=127.0.0.1"] as const),
      ...[
        `--socket=${folder}/socket`,
        `--pid-file=${folder}/pid`,
        `--init-file=${folder}/init.sql`,
        "--loose-innodb-buffer-pool-size=32M",
      ],
      ...options,
    ],
    () => greeted(port),
    { "init.sql": "CREATE DATABASE IF NOT EXISTS sessions;\n" },
  );
  return { ...server, url: (account = "root") => `mysql://${account}@127.0.0.1:${port}/sessions` };
}

/** A server that is ready speaks first. */
function greeted(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, "127.0.0.1");
    socket.once("data", () => {
      socket.destroy();
      resolve();
    });
    socket.once("error", reject);
  });
}
