/** What a client may send to the playground instead of what its pages make a browser send. */
import type { Visitor } from "./playground-visitor.ts";

const REPORT = {
  request: "GET /kanarie",
  milliseconds: 1,
  events: ["loaded"],
  calls: [{ name: "load", milliseconds: 1 }],
  received: [{ name: "session", bytes: 1, note: "" }],
  set: [{ name: "session", bytes: 1, note: "for 5 seconds" }],
};
const WRONG = [
  undefined,
  null,
  5,
  "x",
  "",
  true,
  [],
  {},
  [null],
  [5],
  [[]],
  [{}],
  { length: 1 },
  { isEscaped: true, callbacks: [1] },
];

/** Values with something else in the place of a report, or of one of its parts. */
function wrongReports(): string[] {
  const others = Object.entries(REPORT).flatMap(([name, part]) => [
    ...WRONG.map((wrong) => ({ ...REPORT, [name]: wrong })),
    ...Object.keys([part].flat()[0] as object).flatMap((inner) =>
      WRONG.map((wrong) => ({ ...REPORT, [name]: [{ ...(part as object[])[0], [inner]: wrong }] })),
    ),
  ]);
  const texts = [...WRONG, ...others].map((value) => encodeURIComponent(String(JSON.stringify(value))));
  return [...texts, "", "%", "%FF", "{", encodeURIComponent('{"__proto__":[]}'), "a".repeat(3000)];
}

const FORM = "application/x-www-form-urlencoded";
const LONG = "\u{1F600}".repeat(100);

/** Bodies of forms, with what they say they are. */
const BODIES: readonly [type: string, body: string][] = [
  ["multipart/form-data", "name=Ada"],
  ["multipart/form-data; boundary=x", "name=Ada"],
  ["multipart/form-data; boundary=x", '--x\r\nContent-Disposition: form-data; name="item"; filename="a"\r\n\r\nb\r\n--x--\r\n'],
  ["application/json", '{"name":{"toString":1},"item":5}'],
  ["text/plain", "name=Ada"],
  ["", "name=Ada"],
  [FORM, ""],
  [FORM, "%"],
  [FORM, "name=%FF&item=%ED%A0%80&id=%00"],
  [FORM, "name=%&name=Ada&item[]=a&item=b&id=constructor"],
  [FORM, `name=a${LONG}&item=a${LONG}&id=${LONG}`],
  [FORM, `name=${encodeURIComponent(`a${LONG}`)}&item=${encodeURIComponent(`a${LONG}`)}&id=${"a".repeat(30)}`],
  [FORM, "name=__proto__&item=__proto__&id=__proto__"],
  [FORM, "a".repeat(20_000)],
];
const ACTIONS = [
  "login",
  "cart-add",
  "cart-remove",
  "sessions",
  "left/login",
  "right/logout",
  "race/start",
  "race/1",
  "usual/2",
  "new-id",
  "logout",
];
const METHODS = ["GET", "HEAD", "POST", "PUT", "OPTIONS"];
const ADDRESSES = [
  "/watch",
  "/alive",
  "/ended",
  "/sessions?end=%FF",
  "/left/",
  "/race/kept",
  "/race/__proto__",
  "/usual/kept",
  "/look?a=%FF",
  "/%FF",
  "/%00",
  "//evil.example/",
  "/login",
  "/__proto__",
  "/constructor",
];

/** Sends what no page of the playground would; gives the requests that were answered as a fault of the server. */
export async function faultsOf(visitor: Visitor): Promise<string[]> {
  const faults: string[] = [];
  for (const [address, init] of requests()) {
    const { status } = await visitor.ask(address, init);
    if (status >= 500) faults.push(`${status} ${init.method ?? "GET"} ${address} ${JSON.stringify(init)}`);
  }
  return faults;
}

function requests(): (readonly [address: string, init: RequestInit])[] {
  const post = (type: string, body: string) => ({ method: "POST", body, headers: { "Content-Type": type } });
  return [
    ...wrongReports().map((value) => ["/", { headers: { Cookie: `playground-report=${value}` } }] as const),
    ...ACTIONS.flatMap((action) => BODIES.map(([type, body]) => [`/${action}`, post(type, body)] as const)),
    ...ADDRESSES.flatMap((address) => METHODS.map((method) => [address, { method }] as const)),
  ];
}
