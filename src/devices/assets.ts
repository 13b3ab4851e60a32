/**
 * The page's style sheet and script, each with its own address, so that a Content-Security-Policy can forbid inline
 * code.
 *
 * @module
 */

const RULES = {
  "": "max-width:40rem;margin:2rem auto;padding:0 1rem;font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere",
  " h1": "font-size:1.5rem",
  " ul": "list-style:none;padding:0",
  " li": "display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:center;padding:.75rem 0;border-top:1px solid #8888",
  " li div": "flex:1 1 14rem",
  " small": "display:block",
  " em": "font-style:normal;border:1px solid;border-radius:1rem;padding:0 .5rem;font-size:.875em;white-space:nowrap",
  " button": "font:inherit;min-height:2.75rem;padding:0 1rem",
  " [role]:not(:empty)": "padding:.5rem 1rem;border:1px solid;border-inline-start-width:.375rem;outline:0",
  " :any-link:focus-visible,.devices button:focus-visible": "outline:3px solid;outline-offset:2px",
};

/** Small and plain, in the reader's own font and colours. */
export const STYLE: string = Object.entries(RULES)
  .map(([selector, rule]) => `.devices${selector}{${rule}}`)
  .join("");

/**
 * Shows times in the reader's time zone, and the end of the session once it is known: from a socket closed with 4401,
 * or by polling. A string, as it is for browsers.
 */
export const SCRIPT: string = `let root=document.querySelector(".devices"),{watch,ask}=root.dataset,over=()=>{
let alert=root.querySelector("[role=alert]"),{text,again}=alert.dataset,a=document.createElement("a");a.href="?";a.textContent=again;
alert.replaceChildren(text+" ",a);root.replaceChildren(root.firstChild,alert);alert.focus();over=()=>{}},
connect=tries=>{let heard=1,ping,socket=new WebSocket(location.href.replace(/^http/,"ws").replace(/[?#].*|$/,"?watch")),
check=()=>{heard?socket.send("ping"):socket.close();heard=0};
socket.onopen=()=>{tries=0;check();ping=setInterval(check,3e4)};socket.onmessage=()=>heard=1;
socket.onclose=({code})=>{clearInterval(ping);code==4401?over():setTimeout(connect,1e3*2**Math.min(tries,6)*(.5+Math.random()),tries+1)}};
for(let time of root.querySelectorAll("time"))time.textContent=new Date(time.dateTime).toLocaleString(document.documentElement.lang,{dateStyle:"medium",timeStyle:"short"});
watch&&connect(0);
ask&&setInterval(async()=>{document.hidden||(await fetch("?alive").catch(()=>0)).status==401&&over()},ask*1e3);
onpageshow=({persisted})=>{persisted&&location.reload()}`;
