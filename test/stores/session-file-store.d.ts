declare module "session-file-store" {
  import type session from "express-session";

  export default function create(of: typeof session): new (options?: object) => session.Store;
}
