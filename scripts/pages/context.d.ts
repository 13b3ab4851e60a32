// What pieces of programs in the documentation may use without saying where it comes from. Whole programs need none of it.
// biome-ignore lint/suspicious/noExplicitAny: such a piece does not say what its data is.
type PageData = Record<string, any>;
declare const sessions: import("web-session-store").StoredSessions<PageData>;
declare const session: import("web-session-store").Session<PageData>;
declare const secrets: string;
declare const store: import("web-session-store/stores/define").DefinedStore;
declare const request: Request;
declare const response: Response;
declare const user: { id: string; passwordHash: string };
declare const id: string;
declare const token: string;
declare const bearer: string;
declare const memory: typeof import("web-session-store/stores/memory").memory;
// In examples of the reference.
declare const SECRET: string;
declare const OLD_SECRET: string;
declare const SESSION_SECRET: string;
declare const options: import("web-session-store").SessionOptions;
declare const res: import("web-session-store").NodeHeaderHolder & { statusCode: number };
declare const legacyTokens: import("web-session-store").TokenCodec;
declare const MyStore: new () => import("web-session-store").SessionStore;
declare const makeApp: import("web-session-store/testing").MakeApp;
declare const myStore: () => import("web-session-store").SessionStore;
declare const oldStore: import("web-session-store").SessionStore & { get(key: string): Promise<object | null> };
declare function answer(request: Request): Response;
declare const router: { handle(request: Request, session: import("web-session-store").Session<{ views: number }>): Response };
declare function load(sid: string): Promise<string | null>;
declare function save(sid: string, data: string): Promise<void>;
declare function remove(sid: string): Promise<void>;
declare function test(name: string, run: () => Promise<void>): void;
