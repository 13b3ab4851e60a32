/** What comes out of a program besides its answers: console lines, and all that is written to its own output. */
import { afterEach, beforeEach } from "vitest";
import { inspectDeeply } from "./inspect-deeply.ts";

/** The lines of the running test, from now on in this file. Nothing is printed. */
export function captureWritten(): readonly string[] {
  const written: string[] = [];
  const original = { console: { ...console }, out: process.stdout.write, err: process.stderr.write };

  beforeEach(() => {
    written.length = 0;
    for (const name of ["log", "info", "warn", "error", "debug", "trace", "dir"] as const) {
      console[name] = (...args: unknown[]) => void written.push(args.map(inspectDeeply).join(" "));
    }
    const note = ((chunk: unknown) => written.push(String(chunk)) > 0) as never;
    process.stdout.write = note;
    process.stderr.write = note;
  });

  afterEach(() => {
    Object.assign(console, original.console);
    process.stdout.write = original.out;
    process.stderr.write = original.err;
  });
  return written;
}
