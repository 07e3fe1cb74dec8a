// Adding to the basket without leaving the page. Without it, the same forms lead to the basket.

document.cookie = "emptor_scripted=1; path=/; samesite=lax"; // this page tells of clicks itself

const said = document.querySelector("#said");
let hiding = 0;

function say(text, { link } = {}) {
  const words = document.createElement("span");
  words.textContent = text;
  said.replaceChildren(words);
  if (link) {
    const anchor = document.createElement("a");
    anchor.href = link;
    anchor.textContent = "View basket";
    said.append(anchor);
  }
  said.classList.add("on");
  clearTimeout(hiding);
  hiding = setTimeout(hide, 8000);
}

function hide() {
  // not while somebody is about to follow its link
  if (said.matches(":hover, :focus-within")) hiding = setTimeout(hide, 2000);
  else said.classList.remove("on");
}

function show(count) {
  document.querySelector("[data-pieces]").textContent = count;
  document.querySelector("[data-count]").hidden = count === 0;
}

function newToken() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function renew(form) {
  form.elements.token.value = newToken();
}

async function add(form, button) {
  const fields = new URLSearchParams(new FormData(form));
  if (button?.name) fields.set(button.name, button.value);
  try {
    const answer = await fetch(form.getAttribute("action"), {
      method: "POST",
      headers: { accept: "application/json" },
      body: fields,
    });
    const { count, title, error } = await answer.json();
    if (!answer.ok) return say(`${error[0].toUpperCase()}${error.slice(1)}.`);
    renew(form); // what is sent from now on is meant to count again
    show(count);
    say(`Added: ${title}`, { link: "/basket" });
  } catch {
    say("That did not reach the shop. Check your connection and try again."); // the token stays: once is once
  }
}

let queue = Promise.resolve();
const waiting = new Set();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-add]")) return;
  event.preventDefault();
  const button = event.submitter;
  if (waiting.has(button)) return; // a double click
  waiting.add(button);
  // one after the other: each answer brings the basket that the next request adds to
  queue = queue.then(() => add(form, button)).finally(() => waiting.delete(button));
});

// A page that comes out of the browser's memory: its forms were sent already, and its basket may be an old one.
async function refresh() {
  document.querySelectorAll("[data-add]").forEach(renew);
  try {
    const answer = await fetch("/basket", { headers: { accept: "application/json" } });
    if (answer.ok) show((await answer.json()).count);
  } catch {
    // the count is right again on the next page
  }
}

addEventListener("pageshow", (event) => {
  const [came] = performance.getEntriesByType("navigation");
  if (event.persisted || came?.type === "back_forward") refresh();
});
