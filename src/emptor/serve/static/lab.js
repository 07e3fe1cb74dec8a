// The lab's extras: everything works without them, by forms and links.

// on a phone the tabs are one row to scroll: the page's own must be in sight
const tabs = document.querySelector(".tabs");
const tab = tabs.querySelector("[aria-current]");
if (tab) tabs.scrollLeft = tab.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - tab.offsetWidth) / 2;

// -- grading by keyboard --------------------------------------------------------------------------------------------

const list = document.querySelector(".judged");
if (list) {
  const items = [...list.children];
  const told = document.querySelector("#told");
  const grading = document.querySelector("#grading");
  let at = 0;

  function mark(to) {
    items[at].removeAttribute("aria-current");
    at = Math.min(items.length - 1, Math.max(0, to));
    items[at].setAttribute("aria-current", "true");
  }

  function go(to) {
    mark(to);
    items[at].focus();
    items[at].scrollIntoView({ block: "nearest" });
  }

  // what was not stored is told where it was graded: by then the next product may be marked
  function fail(item, value, why) {
    const note = item.querySelector(".failed");
    note.textContent = `The grade ${value} was not stored: ${why}. Please grade it again.`;
    note.hidden = false;
    item.dataset.failed = value;
  }

  async function grade(item, value) {
    const body = new URLSearchParams({
      q: list.dataset.query,
      product_id: item.dataset.product,
      grade: value,
      author: grading.elements.author.value,
    });
    let answer;
    try {
      answer = await fetch("/lab/judge", { method: "POST", body, headers: { Accept: "application/json" } });
    } catch {
      return fail(item, value, "the server cannot be reached");
    }
    if (!answer.ok) {
      const { error } = await answer.json().catch(() => ({ error: `the server answered ${answer.status}` }));
      return fail(item, value, error);
    }
    document.querySelector("#so-far").textContent = (await answer.json()).so_far;
    item.dataset.grade = value;
    delete item.dataset.failed;
    item.querySelector(".failed").hidden = true;
    for (const button of item.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.dataset.value === value));
    }
    const count = items.filter((own) => own.dataset.grade !== undefined).length;
    told.textContent = `${count} of ${items.length} graded`;
  }

  grading.addEventListener("submit", (event) => {
    const item = event.submitter?.closest("li");
    if (!item) return; // the author's name
    event.preventDefault();
    grade(item, event.submitter.dataset.value);
  });

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (["INPUT", "SELECT", "TEXTAREA"].includes(document.activeElement?.tagName)) return;
    const known = items[at].querySelector(`button[data-value="${CSS.escape(event.key)}"]`);
    if (known) {
      event.preventDefault();
      grade(items[at], event.key);
      go(at + 1);
    } else if (event.key === "ArrowDown" || event.key === "j") {
      event.preventDefault();
      go(at + (document.activeElement === items[at] ? 1 : 0));
    } else if (event.key === "ArrowUp" || event.key === "k") {
      event.preventDefault();
      go(at - 1);
    }
  });
  list.addEventListener("focusin", (event) => mark(items.indexOf(event.target.closest("li"))));
  mark(Math.max(0, items.findIndex((item) => item.dataset.grade === undefined)));
}

// -- the fields that a kind of rule has -------------------------------------------------------------------------------

const form = document.querySelector(".write");
if (form) {
  function fit() {
    const kind = new FormData(form).get("kind");
    // a pin or a boost for every query would be refused
    for (const input of form.querySelectorAll("[data-any]")) {
      input.dataset.some ??= input.placeholder;
      input.placeholder = ["pin", "boost"].includes(kind) ? input.dataset.some : input.dataset.any;
    }
    for (const label of form.querySelectorAll("[data-for]")) {
      const shown = label.dataset.for.split(" ").includes(kind);
      label.hidden = !shown;
      label.querySelector("input").disabled = !shown;
    }
  }
  form.addEventListener("change", fit);
  fit();
}

// -- what is being trained: fetched anew until it has ended ------------------------------------------------------------

const polled = document.querySelector("[data-poll]");
if (polled) {
  const timer = setInterval(async () => {
    if (document.hidden) return;
    const answer = await fetch(polled.dataset.poll).catch(() => null);
    if (!answer || !answer.ok) return; // the server may be busy: the next time will tell
    const html = await answer.text();
    const ended = !html.includes('class="tag live"');
    // once over, there is a comparison and perhaps another default: the whole page
    if (ended) {
      clearInterval(timer);
      location.reload();
    } else {
      polled.innerHTML = html;
    }
  }, 2000);
}
