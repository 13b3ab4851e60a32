// The middleware for require(): the function itself, as koa-session's users write it. It is the function that import gives. scripts/build.mjs puts it
// beside index.js.
module.exports = require("./index.js").session;
