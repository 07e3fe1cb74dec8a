// Everything here is an extra: the pages search, filter, sort and page without it.

document.documentElement.classList.add("scripted");

// -- what users see and do ------------------------------------------------------------------------------------------

const waiting = [];
let timer = 0;

function flush() {
  clearTimeout(timer);
  timer = 0;
  while (waiting.length) {
    const body = JSON.stringify(waiting.splice(0, 100));
    const blob = new Blob([body], { type: "application/json" });
    if (!navigator.sendBeacon?.("/v1/events", blob)) {
      fetch("/v1/events", { method: "POST", body: blob, keepalive: true }).catch(() => {});
    }
  }
}

function tell(event, { now = false } = {}) {
  waiting.push({ ...event, client_time: new Date().toISOString() });
  if (now) flush();
  else timer ||= setTimeout(flush, 1000);
}

function eventOf(card, action) {
  const grid = card.closest("[data-request]");
  return {
    action,
    request_id: grid.dataset.request,
    session_id: grid.dataset.session,
    product_id: card.dataset.product,
    position: Number(card.dataset.position),
    ...(card.dataset.price ? { price: Number(card.dataset.price) } : {}),
  };
}

const seen = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      const event = eventOf(target, "impression");
      // an id made from what was seen: coming back to the page does not count twice
      tell({ ...event, event_id: `${event.request_id}-seen-${event.position}` });
    }
  },
  { threshold: 0.5 },
);

function clicked(card) {
  const event = eventOf(card, "click");
  tell({ ...event, event_id: `${event.request_id}-click-${event.position}` }, { now: true });
}

for (const card of document.querySelectorAll("[data-request] .card")) {
  seen.observe(card);
  const link = card.querySelector("a");
  link.addEventListener("click", () => clicked(card));
  link.addEventListener("auxclick", (event) => {
    if (event.button === 1) clicked(card);
  });
}

addEventListener("pagehide", flush);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") flush();
});

// -- small comforts -------------------------------------------------------------------------------------------------

function drop(image) {
  // an error is told of a picture that is already gone, too
  image.closest(".picture")?.classList.remove("has");
  image.remove();
}
function dropIfBroken(image) {
  if (image.complete && image.naturalWidth === 0) drop(image);
}
for (const image of document.querySelectorAll(".picture img")) {
  image.addEventListener("error", () => drop(image));
  if (image.loading !== "lazy") dropIfBroken(image);
}

document.querySelector("#sort")?.addEventListener("change", (event) => event.target.form.submit());

for (const group of document.querySelectorAll(".group")) {
  const more = group.querySelectorAll(".more").length;
  if (!more) continue;
  const list = group.querySelector("ul");
  list.classList.add("folded");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "unfold";
  button.textContent = `Show ${more} more`;
  button.addEventListener("click", () => {
    list.classList.remove("folded");
    button.remove();
  });
  list.after(button);
}

// -- suggestions while typing (ARIA combobox) -----------------------------------------------------------------------

const input = document.querySelector("#q");
const list = document.querySelector("#suggestions");
let chosen = -1;
let typed = input.value;
let latest = 0;
let pause = 0;

// What is still to come is for words that no longer matter: it must not move what the user has begun to choose from.
function expectNothing() {
  clearTimeout(pause);
  latest++;
}

for (const [name, value] of Object.entries({
  role: "combobox",
  "aria-autocomplete": "list",
  "aria-expanded": "false",
  "aria-controls": "suggestions",
})) {
  input.setAttribute(name, value);
}

function close() {
  list.hidden = true;
  chosen = -1;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

function show(suggestions) {
  list.replaceChildren(
    ...suggestions.map(({ text, kind }, at) => {
      const item = document.createElement("li");
      item.id = `suggestion-${at}`;
      item.role = "option";
      item.ariaSelected = "false";
      item.dataset.text = text;
      const words = document.createElement("span");
      words.textContent = text;
      item.append(words);
      if (kind !== "query") {
        const note = document.createElement("span");
        note.className = "kind";
        note.textContent = kind;
        item.append(note);
      }
      return item;
    }),
  );
  chosen = -1;
  list.hidden = suggestions.length === 0;
  input.setAttribute("aria-expanded", String(!list.hidden));
  input.removeAttribute("aria-activedescendant");
}

function choose(at) {
  expectNothing();
  const items = [...list.children];
  chosen = at;
  items.forEach((item, number) => (item.ariaSelected = String(number === at)));
  input.value = at < 0 ? typed : items[at].dataset.text;
  if (at < 0) input.removeAttribute("aria-activedescendant");
  else input.setAttribute("aria-activedescendant", items[at].id);
}

async function suggest() {
  const own = ++latest;
  if (!typed.trim()) return close();
  try {
    const answer = await fetch(`/v1/suggest?k=8&q=${encodeURIComponent(typed.slice(0, 200))}`);
    if (!answer.ok) return;
    const { suggestions } = await answer.json();
    if (own === latest && document.activeElement === input) {
      list.dataset.typed = typed;
      show(suggestions);
    }
  } catch {
    // no suggestions while offline
  }
}

input.addEventListener("input", () => {
  typed = input.value;
  clearTimeout(pause);
  pause = setTimeout(suggest, 80);
});

input.addEventListener("keydown", (event) => {
  const count = list.children.length;
  if (event.key === "Escape") {
    expectNothing();
    if (list.hidden) return;
    event.preventDefault();
    input.value = typed;
    close();
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !list.hidden) {
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    // -1, what was typed itself, is one of the places
    choose(((chosen + 1 + step + count + 1) % (count + 1)) - 1);
  } else if (event.key === "ArrowDown") {
    suggest();
  } else if (event.key === "Enter") {
    expectNothing();
    close();
  }
});

list.addEventListener("pointerdown", (event) => {
  const item = event.target.closest("li");
  if (!item) return;
  event.preventDefault(); // keeps the focus in the box
  input.value = item.dataset.text;
  close();
  input.form.requestSubmit();
});

input.addEventListener("blur", close);
