// What pieces of programs in the documentation may use without saying where it comes from. Whole programs need none of it.
// biome-ignore lint/suspicious/noExplicitAny: such a piece does not say what its data is.
type Data = Record<string, any>;
declare const sessions: import("web-session-store").Sessions<Data>;
declare const session: import("web-session-store").Session<Data>;
declare const secrets: string;
declare const store: import("web-session-store").SessionStore;
declare const request: Request;
declare const response: Response;
declare const user: { id: string; passwordHash: string };
declare const id: string;
declare const memory: typeof import("web-session-store/stores/memory").memory;
