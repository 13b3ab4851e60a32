// What pieces of programs in the documentation may use without saying where it comes from. Whole programs need none of it.
declare const sessions: import("web-session-store").Sessions<Record<string, any>>;
declare const session: import("web-session-store").Session<Record<string, any>>;
declare const secrets: string;
declare const store: import("web-session-store").SessionStore;
declare const request: Request;
declare const response: Response;
declare const user: { id: string; passwordHash: string };
declare const id: string;
declare const memory: typeof import("web-session-store/stores/memory").memory;
