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
export const NEEDS = [
  { name: "Git", program: "git", debian: ["git"], scripts: ["check:house"] },
  { name: "curl", program: "curl", debian: ["curl"], files: ["test/documents/pages.test.ts"], scripts: ["check:pages"] },
  { name: "Redis", program: "redis-server", debian: ["redis-server"], files: ["test/support/redis-server.ts"] },
  { name: "libatomic", program: "/{usr/,}lib{64,}/{*/,}libatomic.so.1", debian: ["libatomic1"], runtimes: ["Node 26"] },
  { name: "OpenSSL", program: "openssl", debian: ["openssl"], files: ["test/browser/*.test.ts"] },
  {
    name: "Chromium",
    program: process.env.CHROMIUM ?? "/usr/bin/chromium",
    debian: ["chromium"],
    files: ["test/browser/*.test.ts"],
  },
];
