/** Workers, bundled by wrangler and run in workerd, one process each. */
import { afterAll } from "vitest";
import { unstable_startWorker } from "wrangler";
import { Browser } from "./browser.ts";

type Input = Parameters<typeof unstable_startWorker>[0];
/** A running Worker. */
export type Worker = Awaited<ReturnType<typeof unstable_startWorker>>;

const running: Worker[] = [];
afterAll(async () => {
  await Promise.all(running.splice(0).map((worker) => worker.dispose()));
});

/** Starts the Worker in a file, configured as those in test/platforms/ are if nothing else is said. */
export async function startWorker(entrypoint: string, input: Partial<Input> = {}): Promise<Worker> {
  const worker = await unstable_startWorker({
    config: "test/platforms/wrangler.toml",
    entrypoint,
    ...input,
    dev: { server: { hostname: "127.0.0.1", port: 0 }, inspector: false, persist: false, watch: false, logLevel: "error" },
  });
  running.push(worker);
  return worker;
}

/** A browser that asks a Worker over https. */
export function browserOf(worker: Worker, init: { signal?: AbortSignal } = {}): Browser {
  return new Browser(async ({ url, method, headers }) => {
    const asked = worker.fetch(url, { method, headers: [...headers], redirect: "manual", ...init } as never);
    return (await asked) as unknown as Response;
  });
}
