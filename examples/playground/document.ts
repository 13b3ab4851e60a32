/** The start of every HTML document. */
import { html } from "hono/html";

export function headOf(title: string, lang: string, more: unknown = "") {
  return html`<!doctype html>
    <html lang="${lang}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · web-session-store</title>
        <link rel="icon" href="data:," />
        ${more}
        <link rel="stylesheet" href="/playground.css" />
      </head>`;
}
