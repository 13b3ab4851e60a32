/**
 * What `--help` prints.
 *
 * @module
 */

export const HELP = `Usage: web-session-store <command>

  keygen    prints a new secret
  inspect   says what a session cookie is, whether it opens, and why not

For details: web-session-store <command> --help. For the version: web-session-store --version.
`;

export const KEYGEN_HELP = `Usage: web-session-store keygen

Prints a secret for the option "secrets": 32 random bytes as 43 letters, digits, "-" and "_".

  npx web-session-store keygen | npx wrangler secret put SESSION_SECRET
  echo "SESSION_SECRET=$(npx web-session-store keygen)" >> .env
`;

export const INSPECT_HELP = `Usage: web-session-store inspect [options] < cookie

Reads a Cookie header, Set-Cookie lines, name=value, a bare token or the file of curl -c from standard input. Says what
each cookie is, whether it opens, and why not. It uses no store and no network. Without "< cookie" it waits for you to
paste one.

A cookie is as good as a password until its session ends. It is not accepted as an argument, because shells save arguments
in their history and everyone on the machine can list them.

Secrets, newest first, come from the environment:
  SESSION_SECRET         one secret
  SESSION_SECRETS        several, separated by commas or as a JSON list
or from a file instead:
  --secrets-file <file>  one secret per line, a JSON list, or lines like SESSION_SECRET=... (.env, .dev.vars)
For Koa's compatible mode they are app.keys.

Options:
  --name <name>          the option "name" of the application; default: taken from the cookie's name, else "session"
  --context <context>    the option "context" of the application; default: none
  --show-data            also prints the session's data and user, which are hidden by default
  --help

It never prints a secret or a token. Exit codes: 0 if every session cookie opens. 1 if one does not, if there was no secret
to try, or if there is no session cookie. 2 for wrong usage.
`;
