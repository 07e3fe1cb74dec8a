// The lab's extras: everything works without them, by forms and links.

// -- grading by keyboard --------------------------------------------------------------------------------------------

const list = document.querySelector(".judged");
if (list) {
  const items = [...list.children];
  const told = document.querySelector("#told");
  let at = Math.max(0, items.findIndex((item) => item.dataset.grade === undefined));

  function go(to) {
    at = Math.min(items.length - 1, Math.max(0, to));
    items[at].focus();
    items[at].scrollIntoView({ block: "nearest" });
  }

  async function grade(item, value) {
    const body = new URLSearchParams({ q: list.dataset.query, product_id: item.dataset.product, grade: value });
    const answer = await fetch("/lab/judge", { method: "POST", body, headers: { Accept: "application/json" } });
    if (!answer.ok) {
      const { error } = await answer.json().catch(() => ({ error: `the server answered ${answer.status}` }));
      told.textContent = `Not stored: ${error}`;
      return;
    }
    item.dataset.grade = value;
    for (const button of item.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.value === value));
    }
    const count = items.filter((own) => own.dataset.grade !== undefined).length;
    told.textContent = `${count} of ${items.length} graded`;
  }

  list.addEventListener("submit", (event) => {
    event.preventDefault();
    const item = event.target.closest("li");
    grade(item, event.submitter.value);
  });

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (["INPUT", "SELECT", "TEXTAREA"].includes(document.activeElement?.tagName)) return;
    const known = items[at].querySelector(`button[value="${CSS.escape(event.key)}"]`);
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
  list.addEventListener("focusin", (event) => {
    at = items.indexOf(event.target.closest("li"));
  });
}

// -- the fields that a kind of rule has -------------------------------------------------------------------------------

const form = document.querySelector(".write");
if (form) {
  function fit() {
    const kind = new FormData(form).get("kind");
    for (const label of form.querySelectorAll("[data-for]")) {
      const shown = label.dataset.for.split(" ").includes(kind);
      label.hidden = !shown;
      label.querySelector("input").disabled = !shown;
    }
  }
  form.addEventListener("change", fit);
  fit();
}
