#!/usr/bin/env node
/**
 * The `web-session-store` program: `keygen` and `inspect`. For Node. No entry of the library imports it.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { HELP, INSPECT_HELP, KEYGEN_HELP } from "./help.ts";
import { inspect } from "./inspect.ts";
import { keygen } from "./keygen.ts";
import { secretsFromFile, secretsFromVariables } from "./secrets.ts";

/** The program was called incorrectly. */
class UsageError extends Error {}

const MAX_INPUT = 1_000_000;

const EXTRA = "ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL";

/** A word that is no cookie and no secret, so that it can be printed. */
const COMMAND = /^[a-z][a-z-]{0,15}$/;

const COOKIE_OPTION = /^--(cookie|token)\b/;
const COOKIE_AS_ARGUMENT =
  "a cookie is not accepted as an argument: shells save arguments in their history, and everyone on this machine can list them. " +
  "Run web-session-store inspect without it and paste it, or pass a file: web-session-store inspect < pasted.txt. " +
  "Remove the cookie from your history, and end its session if others could see it";

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`web-session-store: ${error.message}\n`);
  process.exitCode = 2;
}

async function run([command, ...args]: string[]): Promise<number> {
  if (command === "keygen") return runKeygen(args);
  if (command === "inspect") return runInspect(args);
  if (command === "--version" || command === "-v" || command === "version") return print(`${version()}\n`);
  if (command === "--help" || command === "-h" || command === "help") return print(HELP);
  const what = command === undefined ? "no command" : `unknown command${COMMAND.test(command) ? ` "${command}"` : ""}`;
  throw new UsageError(`${what}. Commands: keygen, inspect. See: web-session-store --help`);
}

function runKeygen(args: string[]): number {
  const { help } = optionsOf("keygen", args, {});
  return print(help ? KEYGEN_HELP : `${keygen()}\n`);
}

async function runInspect(args: string[]): Promise<number> {
  const text = { type: "string" } as const;
  const known = { "secrets-file": text, name: text, context: text, "show-data": { type: "boolean" } as const };
  const options = optionsOf("inspect", args, known);
  if (options.help) return print(INSPECT_HELP);
  const setting = {
    secrets: secretsFor(options["secrets-file"] as string | undefined),
    name: options.name as string | undefined,
    context: (options.context as string | undefined) ?? "",
    showData: options["show-data"] === true,
    now: Math.floor(Date.now() / 1000),
  };
  const inspection = await inspect(await standardInput(), setting);
  if (inspection === null) throw new UsageError("no cookie on standard input; see: web-session-store inspect --help");
  print(inspection.text);
  return inspection.opens ? 0 : 1;
}

type OptionSpecs = Record<string, { type: "string" | "boolean"; short?: string }>;

function optionsOf(command: string, args: string[], known: OptionSpecs) {
  const options: OptionSpecs = { ...known, help: { type: "boolean", short: "h" } };
  try {
    return parseArgs({ args, options, allowPositionals: false }).values;
  } catch (error) {
    const isCookie = command === "inspect" && (codeOf(error) === EXTRA || args.some((one) => COOKIE_OPTION.test(one)));
    if (isCookie) throw new UsageError(COOKIE_AS_ARGUMENT);
    throw new UsageError(`${faultOf(error, command, options)}; see: web-session-store ${command} --help`);
  }
}

/** What is wrong. Node's own message may repeat the arguments, which may include a cookie or a secret. */
function faultOf(error: unknown, command: string, options: OptionSpecs): string {
  if (codeOf(error) === EXTRA) return `${command} takes no arguments`;
  // Only what looks like an option's name is printed.
  const [, option] = /'(-[a-z]|--[a-z][a-z-]{0,15})[' ]/.exec(String(error)) ?? [];
  if (option === undefined) return "wrong arguments";
  if (codeOf(error) === "ERR_PARSE_ARGS_UNKNOWN_OPTION") return `unknown option ${option}`;
  return `option ${option} ${options[option.slice(2)]?.type === "string" ? "needs a value" : "takes no value"}`;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function version(): string {
  return JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version;
}

function secretsFor(file: string | undefined): string[] {
  if (file === undefined) return secretsFromVariables(process.env);
  try {
    return secretsFromFile(readFileSync(file, "utf8"));
  } catch {
    throw new UsageError("cannot read the file of --secrets-file");
  }
}

async function standardInput(): Promise<string> {
  const { stdin, stderr } = process;
  if (stdin.isTTY) stderr.write("Paste a cookie, then press Enter and Ctrl+D.\n");
  stdin.setEncoding("utf8");
  let text = "";
  for await (const chunk of stdin) {
    text += chunk;
    if (text.length > MAX_INPUT) throw new UsageError("standard input is longer than a million characters");
  }
  return text;
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}
