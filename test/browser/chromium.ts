/** Starts Chromium. Every name that ends in .localhost is this machine, so that there are websites and subdomains of them; any certificate will do. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PATH = process.env.CHROMIUM ?? "/usr/bin/chromium";

export async function launch(): Promise<Browser> {
  if (!existsSync(PATH)) {
    throw new Error(
      `There is no Chromium at ${PATH}, so nothing can be tested in a browser. Install it: apt-get install chromium\n` +
        "(or say in CHROMIUM where it is)",
    );
  }
  return chromium.launch({
    executablePath: PATH,
    args: ["--no-sandbox", "--host-resolver-rules=MAP *.localhost 127.0.0.1", "--ignore-certificate-errors"],
  });
}
