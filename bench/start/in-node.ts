/**
 * Starts a bundle in Node, in a fresh process each time: how long evaluation takes, and which cryptography it does.
 *
 * @module
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

const TIME = `
const used = process.cpuUsage();
const begun = performance.now();
await import(process.argv[1]);
const elapsed = performance.now() - begun;
const { user, system } = process.cpuUsage(used);
console.log(JSON.stringify({ elapsed, processor: (user + system) / 1000 }));`;

/** Counts key derivations, hashes and ciphers of Web Crypto and node:crypto, but not random bytes. */
const COUNT = `
import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
let calls = 0;
for (const target of [SubtleCrypto.prototype, crypto]) {
  for (const name of Object.getOwnPropertyNames(target)) {
    const counted = target === crypto ? /^(hkdf|pbkdf2|scrypt|argon2|hash$|sign$|create(Hash|Hmac|Sign|Cipher|Decipher|SecretKey))/ : /^(?!constructor)/;
    const inner = Object.getOwnPropertyDescriptor(target, name).value;
    if (typeof inner !== "function" || !counted.test(name)) continue;
    const value = function (...args) { calls++; return inner.apply(this, args); };
    Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: true });
  }
}
syncBuiltinESMExports();
const { default: app } = await import(process.argv[1]);
await new Promise((resolve) => setTimeout(resolve, 50));
const before = calls;
await app.fetch(new Request("http://localhost/new"));
console.log(JSON.stringify({ before, first: calls - before }));`;

/**
 * Milliseconds to read, compile and evaluate a bundle: wall-clock
 * time, and processor time, which other programs hardly affect.
 */
export interface Start {
  readonly elapsed: number;
  readonly processor: number;
}

export async function evaluationIn(file: string): Promise<Start> {
  return JSON.parse(await said(TIME, file));
}

/** The number of cryptographic calls before the first request, and during it. */
export async function cryptoCallsIn(file: string): Promise<{ before: number; first: number }> {
  return JSON.parse(await said(COUNT, file));
}

async function said(program: string, file: string): Promise<string> {
  return (await run(process.execPath, ["--input-type=module", "--eval", program, file])).stdout;
}
