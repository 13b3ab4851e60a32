// The part of cloudflare:workers that the session's object uses. Applications use their own, complete types.
declare module "cloudflare:workers" {
  export abstract class DurableObject<Env = unknown> {
    protected readonly ctx: DurableObjectContext;
    protected readonly env: Env;
    constructor(ctx: DurableObjectContext, env: Env);
  }
  export interface DurableObjectContext {
    readonly storage: {
      readonly sql: { exec(query: string, ...values: (string | number | null)[]): Iterable<Record<string, unknown>> };
      transactionSync<Result>(run: () => Result): Result;
      getAlarm(): Promise<number | null>;
      setAlarm(at: number): Promise<void>;
      deleteAll(): Promise<void>;
    };
    acceptWebSocket(socket: Socket, tags: string[]): void;
    getWebSockets(tag?: string): Socket[];
    setWebSocketAutoResponse(pair: object): void;
  }
  export interface Socket {
    close(code: number, reason: string): void;
  }
}
