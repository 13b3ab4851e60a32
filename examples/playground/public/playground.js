// The live parts of the page. Everything else works without this script.

/** Keeps a WebSocket open. The server closes it with 4401 when the session ends. */
function watchSession(url, onEnded) {
  let tries = 0;
  const connect = () => {
    const socket = new WebSocket(url);
    let ping;
    let answered = true;
    socket.onopen = () => {
      tries = 0;
      const check = () => {
        if (!answered) return socket.close();
        answered = false;
        socket.send("ping");
      };
      ping = setInterval(check, 30_000);
      // Also at once: workerd takes 2 seconds to close a connection that carried no message.
      check();
    };
    socket.onmessage = () => {
      answered = true;
    };
    socket.onclose = ({ code }) => {
      clearInterval(ping);
      if (code === 4401) return onEnded();
      // Back off to about a minute, with jitter so that pages do not reconnect together.
      setTimeout(connect, Math.min(60_000, 1000 * 2 ** tries++) * (0.5 + Math.random()));
    };
  };
  connect();
}

/** Polls for the end of the session if the store cannot notify pages. Hidden pages wait until they are visible. */
function askForSession(url, onEnded) {
  const ask = async () => {
    if (document.hidden) return;
    const response = await fetch(url).catch(() => undefined);
    if (response?.status !== 401) return;
    clearInterval(timer);
    onEnded();
  };
  const timer = setInterval(ask, 5000);
  document.addEventListener("visibilitychange", ask);
}

function showEnd() {
  const alert = document.querySelector("#ended");
  alert.textContent = "You were logged out. ";
  // This browser may still have a valid copy of the session. That address asks the store.
  alert.append(Object.assign(document.createElement("a"), { href: ended, textContent: "Continue" }));
  alert.hidden = false;
  // Someone else may be at the screen now.
  document.querySelector(".columns").replaceChildren();
  alert.focus();
}

const { watch, ask, ended } = document.body.dataset;
if (watch) watchSession(watch, showEnd);
if (ask) askForSession(ask, showEnd);

// A page restored from the back/forward cache may show a session that has ended.
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) location.reload();
});

for (const hint of document.querySelectorAll(".only-scripts")) hint.hidden = true;
document.querySelector("main > .notice[role=status]")?.focus();

/** Runs one side of the race: five requests at once. Returns a summary. */
async function run(base, name) {
  const lane = document.querySelector(`[data-lane=${name}]`);
  const marks = [...lane.querySelectorAll("li")];
  const post = (step) => fetch(`${base}/${name}/${step}`, { method: "POST" });
  for (const mark of marks) mark.className = "sent";
  lane.querySelector("[data-score]").textContent = "Sending …";
  await post("start");
  const answers = await Promise.all(marks.map((mark) => post(mark.textContent)));
  const kept = await (await fetch(`${base}/${name}/kept`)).json();
  for (const mark of marks) mark.className = kept.includes(mark.textContent) ? "kept" : "lost";
  lane.querySelector("[data-score]").textContent = scoreOf(kept.length, marks.length);
  if (name === "race") reportRace(answers);
  return `${lane.querySelector("h3").textContent} kept ${kept.length} of ${marks.length}`;
}

function scoreOf(kept, all) {
  return kept === all ? `${kept} of ${all} kept` : `${kept} of ${all} kept, ${all - kept} lost`;
}

/** Counts what the library did for all five requests and shows it first. */
function reportRace(answers) {
  const calls = answers.flatMap((answer) => JSON.parse(answer.headers.get("Playground-Calls") ?? "[]"));
  const times = Map.groupBy(calls, (call) => call);
  const said = [...times].map(([call, { length }]) => `${call}, ${length} times.`);
  const list = Object.assign(document.createElement("ul"), { className: "said" });
  for (const text of said.length > 0 ? said : ["No store was asked: each response set its own cookie."])
    list.append(Object.assign(document.createElement("li"), { textContent: text }));
  const heading = Object.assign(document.createElement("h3"), { textContent: "For the race" });
  document.querySelector("[data-race-report]").replaceChildren(heading, list);
}

for (const button of document.querySelectorAll("[data-race]")) {
  button.hidden = false;
  button.onclick = async () => {
    button.disabled = true;
    const base = button.dataset.race;
    const outcome = document.querySelector("[data-outcome]");
    outcome.textContent = "";
    try {
      // One after the other: browsers open at most six connections to a server.
      const ours = await run(base, "race");
      outcome.textContent = `${ours}; ${await run(base, "usual")}.`;
    } catch {
      outcome.textContent = "The race did not finish: the server did not respond.";
    }
    button.disabled = false;
    button.focus();
  };
}

/** What a stranger's script tries: a label, a test that is true if it failed, and a message for that. */
function attempts([visitors, users]) {
  const seen = () => [visitors, users].some((name) => document.cookie.includes(name));
  const plant = (rest) => {
    // biome-ignore lint/suspicious/noDocumentCookie: it is what such a script would do.
    for (const name of [visitors, users]) document.cookie = `${name}=${rest}`;
  };
  return [
    ["It reads document.cookie.", () => !seen(), "Blocked: the session’s cookie is not in it."],
    [
      "It asks the Cookie Store API.",
      async () => !(await globalThis.cookieStore?.getAll())?.some(({ name }) => name === visitors || name === users),
      "Blocked: the cookie is not in that list either.",
    ],
    [
      "It plants a cookie of that name.",
      () => {
        plant("planted; Path=/; Secure; SameSite=Lax");
        const took = seen();
        plant("; Path=/; Secure; Max-Age=0");
        return !took;
      },
      "Blocked: the browser refuses it because the name begins with __Host-Http-.",
    ],
  ];
}

for (const button of document.querySelectorAll("[data-attack]")) {
  button.hidden = false;
  button.onclick = async () => {
    const list = document.querySelector("[data-attempts]");
    list.replaceChildren();
    for (const [what, failed, why] of attempts(button.dataset.attack.split(" "))) {
      const safe = await failed();
      const said = safe
        ? why
        : "This browser allows it because it does not know the rule yet. Without the server’s seal, the cookie is not a session.";
      const item = Object.assign(document.createElement("li"), { className: safe ? "safe" : "unsafe" });
      item.append(Object.assign(document.createElement("strong"), { textContent: what }), ` ${said}`);
      list.append(item);
    }
  };
}

// A login or logout on one side changes the list on the other. Only the store reports sessions that end there.
const frames = [...document.querySelectorAll("iframe.browser")];
for (const frame of frames) {
  frame.addEventListener("load", () => {
    if (!frame.contentWindow.location.search.includes("changed")) return;
    for (const other of frames) {
      const { location } = other.contentWindow;
      if (other !== frame && location.pathname.endsWith("/sessions")) location.replace(location.pathname);
    }
  });
}
