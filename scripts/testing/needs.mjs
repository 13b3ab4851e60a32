// What the tests need that npm does not install: one entry for each. npm test sets up what is missing, and leaves out what needs it where it
// cannot be had.
//
//   name      how it is called
//   program   a program on the PATH; with a slash, a path, in which * stands for anything
//   debian    the packages of Debian that bring it
//   setUp     a command that brings it, for what no package brings; run after the packages were installed
//   files     tests that need it: these, and all that import one of these
//   scripts   npm scripts that need it
//   runtimes  runtimes of npm run test:runtimes that need it
import { homedir } from "node:os";

/** Where test/mongodb/set-up.sh makes it. */
const DOCUMENTDB =
  process.env.DOCUMENTDB_ROOT ?? `${process.env.XDG_CACHE_HOME ?? `${homedir()}/.cache`}/web-session-store/documentdb-*`;

export const NEEDS = [
  { name: "Git", program: "git", debian: ["git"], scripts: ["check:house"] },
  {
    name: "curl",
    program: "curl",
    debian: ["curl"],
    files: ["test/documents/pages.test.ts", "test/unit/cli/curl.test.ts"],
    scripts: ["check:pages"],
  },
  { name: "Redis", program: "redis-server", debian: ["redis-server"], files: ["test/support/redis-server.ts"] },
  {
    name: "PostgreSQL",
    // Debian has its programs beside the PATH.
    program: "/usr/{lib/postgresql/*,local}/bin/initdb",
    debian: ["postgresql"],
    files: ["test/support/postgres-server.ts"],
  },
  {
    name: "MariaDB",
    program: "mariadbd",
    debian: ["mariadb-server-core", "mariadb-client-core"],
    files: ["test/support/mariadb-server.ts"],
  },
  { name: "PgBouncer", program: "pgbouncer", debian: ["pgbouncer"], files: ["test/support/pgbouncer.ts"] },
  { name: "pgrep", program: "pgrep", debian: ["procps"], files: ["test/support/server-folder.ts"] },
  {
    name: "Valkey",
    program: "{/usr/bin,/usr/local/bin,test/redis-clients/.valkey}/valkey-server",
    setUp: "bash test/redis-clients/valkey.sh",
    files: ["test/redis-clients/valkey.ts"],
  },
  {
    name: "a MongoDB-compatible server",
    program: `${DOCUMENTDB}/made`,
    setUp: "bash test/mongodb/set-up.sh",
    files: ["test/mongodb/server.ts", "test/mongodb/*.test.ts"],
  },
  { name: "libatomic", program: "/{usr/,}lib{64,}/{*/,}libatomic.so.1", debian: ["libatomic1"], runtimes: ["Node 26"] },
  { name: "OpenSSL", program: "openssl", debian: ["openssl"], files: ["test/browser/*.test.ts"] },
  {
    name: "Chromium",
    program: process.env.CHROMIUM ?? "/usr/bin/chromium",
    debian: ["chromium"],
    files: ["test/browser/*.test.ts"],
  },
];
