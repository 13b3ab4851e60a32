/**
 * An HTTP front of a real Redis, which speaks as Upstash does: a command is a JSON array that is posted to `/`, several go to `/pipeline` or `/multi-exec`.
 *
 * https://upstash.com/docs/redis/features/restapi
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createClient } from "redis";

const TOKEN = "a-token";
const BLOB_STRING = 36;

type Command = (string | number)[];

/** The front, and what can be done to it. */
export interface UpstashFront {
  readonly url: string;
  readonly token: string;
  /** How many requests came since this was called last. */
  requests(): number;
  /** Carries out the next so many requests, and closes their connections without an answer. */
  loseAnswers(count: number): void;
  /** Answers nothing from now on, until this is called again with false. */
  beSilent(silent: boolean): void;
  close(): Promise<void>;
}

/** Starts one in front of the Redis at a port of this machine. */
export async function startUpstashFront(redisPort: number): Promise<UpstashFront> {
  const redis = await connect(redisPort);
  let came = 0;
  let losing = 0;
  let silent = false;
  const server = createServer(async (request, response) => {
    came++;
    const isLost = losing > 0;
    if (isLost) losing--;
    if (silent) return;
    const { status, body } = await answerTo(request, redis);
    if (isLost) request.socket.destroy();
    else send(response, status, body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    token: TOKEN,
    requests() {
      const found = came;
      came = 0;
      return found;
    },
    loseAnswers: (count) => {
      losing = count;
    },
    beSilent: (yes) => {
      silent = yes;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      redis.destroy();
    },
  };
}

function connect(port: number) {
  return createClient({
    url: `redis://127.0.0.1:${port}`,
    RESP: 2,
    commandOptions: { typeMapping: { [BLOB_STRING]: Buffer } },
  }).connect();
}

type Connection = Awaited<ReturnType<typeof connect>>;

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function answerTo(request: IncomingMessage, redis: Connection): Promise<{ status: number; body: unknown }> {
  if (request.headers.authorization !== `Bearer ${TOKEN}`) return { status: 401, body: { error: "WRONGPASS invalid password" } };
  const isBase64 = request.headers["upstash-encoding"] === "base64";
  const posted = JSON.parse(await textOf(request));
  const one = async (command: Command) => {
    try {
      return { result: encoded(await redis.sendCommand(command.map(String)), isBase64) };
    } catch (error) {
      return { error: (error as Error).message };
    }
  };
  if (request.url === "/pipeline") return { status: 200, body: await Promise.all((posted as Command[]).map(one)) };
  if (request.url === "/multi-exec") throw new Error("Cannot answer: the store uses no transactions");
  const answer = await one(posted as Command);
  return { status: "error" in answer ? 400 : 200, body: answer };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** A reply as JSON. Only what Redis sends as bytes is in base64; a status such as OK is not. */
function encoded(reply: unknown, isBase64: boolean): unknown {
  if (Array.isArray(reply)) return reply.map((one) => encoded(one, isBase64));
  return Buffer.isBuffer(reply) ? reply.toString(isBase64 ? "base64" : "utf8") : reply;
}
