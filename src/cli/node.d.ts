// The part of Node that the commands use. Keeps all other Node types out of the library.
declare module "node:fs" {
  export function readFileSync(path: string | URL, encoding: "utf8"): string;
}

declare module "node:process" {
  const process: {
    readonly argv: readonly string[];
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly stdin: AsyncIterable<string> & { readonly isTTY?: boolean; setEncoding(encoding: "utf8"): void };
    readonly stdout: { write(text: string): void };
    readonly stderr: { write(text: string): void };
    exitCode: number | undefined;
  };
  export default process;
}

declare module "node:util" {
  export interface OptionSpec {
    readonly type: "string" | "boolean";
    readonly short?: string;
  }
  export function parseArgs(config: {
    readonly args: readonly string[];
    readonly options: Readonly<Record<string, OptionSpec>>;
    readonly allowPositionals: boolean;
  }): { readonly values: Readonly<Record<string, string | boolean | undefined>>; readonly positionals: readonly string[] };
  export function parseEnv(text: string): Record<string, string | undefined>;
}
