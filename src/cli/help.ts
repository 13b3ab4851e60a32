/**
 * What `--help` prints.
 *
 * @module
 */

export const HELP = `Usage: web-session-store <command>

  keygen    prints a new secret
  inspect   says what a session cookie is, whether it opens, and why not

web-session-store <command> --help says more; web-session-store --version prints the version.
`;

export const KEYGEN_HELP = `Usage: web-session-store keygen

Prints a secret for the option "secrets": 32 random bytes as 43 letters, digits, "-" and "_".

  npx web-session-store keygen | npx wrangler secret put SESSION_SECRET
  echo "SESSION_SECRET=$(npx web-session-store keygen)" >> .env
`;

export const INSPECT_HELP = `Usage: web-session-store inspect [options] < cookie

Reads from standard input a Cookie header, Set-Cookie lines, name=value or a bare token, and says of each cookie what it
is, whether it opens, and why not. It asks no store and no network. Called without "< cookie" it waits for you to paste one.

A cookie is as good as a password while its session lives. So it is not taken as an argument: the shell writes arguments into its
history, and everybody on the machine can list them.

Secrets, newest first, come from the environment:
  SESSION_SECRET         one secret
  SESSION_SECRETS        several, with commas between them or as a JSON list
or, instead, from a file:
  --secrets-file <file>  one secret on each line, a JSON list, or lines like SESSION_SECRET=... (.env, .dev.vars)
For Koa's compatible mode they are app.keys.

Options:
  --name <name>          the option "name" of the application; default: what the cookie's name says, else "session"
  --context <context>    the option "context" of the application; default: none
  --show-data            prints the session's data and its user, too; without it they are hidden
  --help

It never prints a secret or a token. Exit code: 0 if every session cookie opens; 1 if one does not, if there was no secret to try, or
if there is no session cookie; 2 if it was called wrongly.
`;
