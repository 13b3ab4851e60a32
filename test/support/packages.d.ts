// Packages that the tests use and that bring no types.
declare module "koa2" {
  export { default } from "koa";
}
declare module "koa-session-store" {
  const session: (options?: object) => GeneratorFunction;
  export default session;
}
declare module "koa-convert" {
  const convert: (middleware: GeneratorFunction) => import("koa").Middleware;
  export default convert;
}
