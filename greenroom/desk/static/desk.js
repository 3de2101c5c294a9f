// The desk's script: keys, relative times, live updates. Reading and judging work without it.
//
// Live means: the server says that something changed, and the page is read again; parts
// marked `data-live` are exchanged where they differ. One source of truth, one template.

const SETTLE_MS = 150; // a burst of changes is one reading
const PAUSE_MS = 1000; // at most one reading a second
const STATUS_MS = 20_000; // the strip is read again at least so often
const CALM_MS = 400; // after a verdict, so that one key pressed twice judges one case

const startedAt = performance.now();
const skewMs = Date.now() - Date.parse(document.documentElement.dataset.now);

// --- Times -----------------------------------------------------------------------------

const relative = new Intl.RelativeTimeFormat("en", { numeric: "always", style: "narrow" });
const UNITS = [["day", 86_400], ["hour", 3600], ["minute", 60]];

function ago(then) {
  const seconds = Math.round((Date.now() - skewMs - then) / 1000);
  for (const [unit, length] of UNITS) {
    if (Math.abs(seconds) >= length) return relative.format(-Math.trunc(seconds / length), unit);
  }
  return seconds < 0 ? "soon" : "just now";
}

function showTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const shown = ago(Date.parse(time.dateTime));
    if (time.textContent !== shown) time.textContent = shown;
  }
}

// --- Keys ------------------------------------------------------------------------------

function isWriting(target) {
  return target.closest?.("input, textarea, select, [contenteditable]") !== null;
}

function move(step) {
  const links = [...document.querySelectorAll("#queue .row > a")];
  if (links.length === 0) return;
  const at = links.indexOf(document.activeElement);
  const next = at === -1 ? 0 : Math.min(links.length - 1, Math.max(0, at + step));
  links[next].focus();
  links[next].scrollIntoView({ block: "nearest" });
}

function follow(rel) {
  const link = document.querySelector(`#steps a[rel="${rel}"]`);
  if (link) location.assign(link.href);
  return link !== null;
}

function openSanctions() {
  const sanctions = document.getElementById("sanctions");
  if (!sanctions) return false;
  sanctions.open = true;
  sanctions.querySelector("button").focus();
  return true;
}

function choose(key) {
  const sanctions = document.getElementById("sanctions");
  const isSanction = /^[1-9]$/.test(key);
  if (isSanction && !sanctions?.open) return false;
  const button = document.querySelector(`#verdict button[data-key="${CSS.escape(key)}"]`);
  const isCalm = !document.getElementById("flash") || performance.now() - startedAt > CALM_MS;
  if (!button || button.disabled || !isCalm) return false;
  button.click();
  return true;
}

function onQueueKey(key) {
  if (key !== "j" && key !== "k") return false;
  move(key === "j" ? 1 : -1);
  return true;
}

function onCaseKey(key) {
  const ways = { j: "next", k: "prev", q: "up" };
  if (key in ways) return follow(ways[key]);
  if (key === "b") return openSanctions();
  if (key === "e") return ask(document.getElementById("ask"));
  if (key === "n") {
    document.getElementById("note")?.focus();
    return true;
  }
  return choose(key);
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Escape") {
    document.activeElement?.blur();
    document.getElementById("sanctions")?.removeAttribute("open");
    return;
  }
  if (event.repeat && !"jk".includes(event.key)) return;
  if (isWriting(event.target)) return;
  const handler = document.getElementById("queue") ? onQueueKey : onCaseKey;
  if (handler(event.key.toLowerCase())) event.preventDefault();
}

function judgeOnce(event) {
  if (!event.target.closest("#verdict")) return;
  if (event.target.dataset.sent) {
    event.preventDefault();
    return;
  }
  event.target.dataset.sent = "yes"; // the page that answers replaces this one
}

// --- Words -----------------------------------------------------------------------------

// The link leads to the same page with the words that made a score; of it only the message is
// put in, so that a note half written and the place on the page stay.
function ask(link) {
  if (!link || link.hasAttribute("aria-busy")) return link !== null;
  link.setAttribute("aria-busy", "true");
  say("Looking for the words");
  showWords(link);
  return true;
}

async function showWords(link) {
  const address = new URL(link.href);
  address.searchParams.set("live", "1");
  const fresh = await load(address);
  const other = fresh?.getElementById("message");
  const message = document.getElementById("message");
  link.removeAttribute("aria-busy");
  if (!other) return lost("The words cannot be shown just now. Try again in a moment.");
  const hadFocus = message.contains(document.activeElement);
  message.replaceWith(document.importNode(other, true));
  showTimes(document);
  if (hadFocus) document.getElementById("ask")?.focus({ preventScroll: true });
  say(document.getElementById("words")?.dataset.said ?? "Hidden");
}

function onClick(event) {
  const link = event.target.closest?.("a[data-ask]");
  const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
  if (link && isPlain && ask(link)) event.preventDefault();
}

// --- Live ------------------------------------------------------------------------------

const sent = new Map(); // what the server sent for each live part, before times were shown
const rows = new Map(); // the same for each row of the queue
let due = 0;
let readAt = 0;
let isReading = false;

function remember() {
  for (const part of document.querySelectorAll("[data-live]")) sent.set(part.id, part.outerHTML);
  for (const row of document.querySelectorAll("#queue .row")) rows.set(row.id, row.outerHTML);
}

function schedule() {
  if (due) return;
  const wait = Math.max(SETTLE_MS, readAt + PAUSE_MS - performance.now());
  due = setTimeout(async () => {
    due = 0;
    readAt = performance.now();
    await read();
  }, wait);
}

async function read() {
  if (isReading) return schedule();
  isReading = true;
  try {
    const address = new URL(document.documentElement.dataset.address, location.origin);
    address.searchParams.set("live", "1");
    address.searchParams.delete("judged");
    const fresh = await load(address);
    if (fresh) await show(fresh);
  } finally {
    isReading = false;
  }
}

async function load(address) {
  try {
    const response = await fetch(address, { redirect: "error" });
    if (response.status === 401) lost("You are signed out. Sign in again to go on.");
    if (!response.ok) return null;
    return new DOMParser().parseFromString(await response.text(), "text/html");
  } catch {
    return null; // the stream's own error says that the desk is away
  }
}

async function show(fresh) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = fresh.getElementById(part.id);
    if (other && part.id === "edited") noteEdit(part, other);
    else if (other) exchange(part, other, sent);
  }
  document.title = fresh.title;
  const queue = document.getElementById("queue");
  if (queue) await showQueue(queue, fresh.getElementById("queue"));
  showTimes(document);
}

function noteEdit(part, other) {
  if (part.dataset.seen === other.dataset.seen || part.childElementCount) return;
  const notice = document.createElement("p");
  notice.className = "objection";
  notice.setAttribute("role", "alert");
  notice.textContent = "The author edited the message just now. ";
  const link = document.createElement("a");
  link.href = document.documentElement.dataset.address;
  link.textContent = "Read it again";
  notice.append(link);
  part.append(notice);
}

// Put `other` in the place of `part` if the server sent something new; keep what a person
// was doing there: the focus, an open fold, a note half written.
function exchange(part, other, known) {
  const html = other.outerHTML;
  if (known.get(part.id) === html) return part;
  known.set(part.id, html);
  const fresh = document.importNode(other, true);
  const note = part.querySelector("textarea");
  const freshNote = fresh.querySelector("textarea");
  if (note && freshNote) freshNote.value = note.value;
  for (const fold of part.querySelectorAll("details[open][id]")) {
    const twin = fresh.querySelector(`#${CSS.escape(fold.id)}`);
    if (twin) twin.open = true;
  }
  const had = part.contains(document.activeElement) ? document.activeElement : null;
  part.replaceWith(fresh);
  if (had) twinOf(had, fresh)?.focus({ preventScroll: true });
  return fresh;
}

function twinOf(element, root) {
  if (element.id) return root.querySelector(`#${CSS.escape(element.id)}`);
  const mark = element.dataset.key ? `[data-key="${CSS.escape(element.dataset.key)}"]` : "a";
  return root.querySelector(mark);
}

async function showQueue(queue, fresh) {
  if (!fresh) return;
  const anchor = anchorOf(queue);
  let arrived = 0;
  let after = null;
  for (const other of [...fresh.children]) {
    const row = document.getElementById(other.id);
    if (row) {
      after = exchange(row, other, rows);
    } else if (queue.dataset.grows === "yes") {
      after = insert(queue, other, after);
      arrived += 1;
    }
  }
  await showEnded(queue, fresh);
  restore(anchor);
  if (arrived) say(arrived === 1 ? "1 new case" : `${arrived} new cases`);
}

function insert(queue, other, after) {
  const row = document.importNode(other, true);
  rows.set(row.id, other.outerHTML);
  row.classList.add("arrived");
  if (after) after.after(row);
  else queue.prepend(row);
  return row;
}

// A row that the server no longer lists may have been judged, or may only stand on the next
// page now: its own row says which.
async function showEnded(queue, fresh) {
  if (queue.dataset.state !== "open") return;
  for (const row of [...queue.querySelectorAll('.row[data-state="open"]')]) {
    if (fresh.querySelector(`#${CSS.escape(row.id)}`)) continue;
    const alone = await load(new URL(`/cases/${row.dataset.case}/row`, location.href));
    const other = alone?.getElementById(row.id);
    if (other && document.contains(row)) exchange(row, other, rows);
  }
}

// What a person looks at stays where it is on the screen when rows come in above it.
function anchorOf(queue) {
  const focused = document.activeElement?.closest?.("#queue .row");
  if (!focused && scrollY === 0) return null;
  const seen = focused ?? [...queue.children].find((row) => row.getBoundingClientRect().bottom > 0);
  return seen ? { id: seen.id, top: seen.getBoundingClientRect().top } : null;
}

function restore(anchor) {
  const row = anchor && document.getElementById(anchor.id);
  if (row) scrollBy({ top: row.getBoundingClientRect().top - anchor.top, behavior: "instant" });
}

function say(words) {
  document.getElementById("said").textContent = words;
}

function lost(words) {
  const notice = document.getElementById("lost");
  notice.textContent = words;
  notice.hidden = !words;
}

function watch() {
  const source = new EventSource("/events");
  let wasLost = false;
  source.addEventListener("change", schedule);
  source.addEventListener("open", () => {
    document.documentElement.dataset.watching = "yes";
    lost("");
    if (wasLost) schedule(); // whatever happened meanwhile
    wasLost = false;
  });
  source.addEventListener("error", () => {
    wasLost = true;
    delete document.documentElement.dataset.watching;
    lost("Live updates have stopped. The desk is tried again by itself; or reload the page.");
    if (source.readyState === EventSource.CLOSED) schedule();
  });
  addEventListener("pagehide", () => source.close());
}

remember();
showTimes(document);
setInterval(() => showTimes(document), 30_000);
document.addEventListener("keydown", onKey);
document.addEventListener("submit", judgeOnce);
document.addEventListener("click", onClick);
if (document.querySelector("#queue, #verdict, #cast")) {
  watch();
  setInterval(() => document.hidden || schedule(), STATUS_MS);
}
addEventListener("pageshow", (event) => event.persisted && location.reload());
