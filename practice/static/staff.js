/* Homeward, for those who work here: keys, undo, drafts. Every page works without it. */
(() => {
  "use strict";
  const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
  const store = { get: (k) => { try { return localStorage.getItem(k); } catch { return null; } }, set: (k, v) => { try { localStorage.setItem(k, v); } catch { /* so be it */ } } };

  /* ---- Single-key shortcuts: off inside fields, and off altogether when one wants. */
  let on = store.get("homeward-keys") !== "off", went = 0, row = -1;
  for (const p of $$("[data-shortcuts]")) {
    p.hidden = false;
    const b = $("[data-shortcuts-switch]", p), show = () => { b.textContent = on ? b.dataset.off : b.dataset.on; };
    show(); b.addEventListener("click", () => { on = !on; store.set("homeward-keys", on ? "on" : "off"); show(); });
  }
  const typing = (t) => t.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(t.tagName) && !/^(radio|checkbox|button|submit)$/.test(t.type);
  const moveTo = (step) => {
    const rows = $$("[data-nav-row]").filter((r) => $("a.title", r));
    if (!rows.length) return false;
    row = Math.min(rows.length - 1, Math.max(0, row + step));
    for (const r of rows) r.classList.toggle("current-row", r === rows[row]);
    $("a.title", rows[row]).focus(); return true;
  };
  addEventListener("keydown", (e) => {
    if ((e.ctrlKey || e.metaKey) && e.key === "Enter") { const f = e.target.closest?.("form[data-ctrl-enter]") ?? $("form[data-ctrl-enter]"); if (f) { e.preventDefault(); f.requestSubmit($("button:not([type=button])", f)); } return; }
    if (!on || e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented || typing(e.target)) return;
    const k = e.key.toLowerCase(), link = $(`a[data-key="${k === "j" || k === "k" ? k : ""}"]`);
    if (k === "j" || k === "k") { if (moveTo(k === "j" ? 1 : -1) || link) { e.preventDefault(); if (link && !$("[data-nav-row]")) link.click(); } }
    else if (k === "g") went = Date.now();
    else if (k === "r" && Date.now() - went < 1500) { const home = $("[data-key-home]"); if (home) { e.preventDefault(); home.click(); } }
    else if (k === "c") { const near = document.activeElement?.closest?.(".ans") ?? $(".ans"), d = near && $("[data-comment]", near); if (d) { e.preventDefault(); d.open = true; $("textarea", d).focus(); } }
  });

  /* ---- Two minutes to undo, counted down where one can see it. */
  for (const el of $$("[data-countdown]")) {
    const end = Date.now() + el.dataset.countdown * 1000;
    const tick = () => {
      const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
      el.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      if (left) setTimeout(tick, 1000); else (el.closest("form") ?? el).remove();
    };
    tick();
  }

  /* ---- A reply is kept while it is typed. Sending waits for what is still on its way, so that
     nobody is told of a change in another tab that was their own. */
  for (const form of $$("form[data-autosave-url]")) {
    const said = $("[data-kept]", form), base = form.elements.base;
    let timer = 0, going = null, typed = false, over = false;
    const words = () => new URLSearchParams(new FormData(form));
    const post = () => {
      const body = words(); let wait = 300;
      typed = false;
      // It outlives the page, whenever one leaves; what is too long for that goes the ordinary way.
      going = fetch(form.dataset.autosaveUrl, { method: "POST", body, keepalive: String(body).length < 60000 }).then(async (answer) => {
        over = [403, 404, 409, 410, 412].includes(answer.status); // from here on nothing is kept; what to do about it, sending says
        if (answer.status === 422) { said.textContent = said.dataset.trouble; return; } // too long: tried again once that changes
        if (answer.status === 412) { said.textContent = said.dataset.elsewhere; return; } // another tab kept a later one
        if (!answer.ok) throw new Error(answer.status);
        dispatchEvent(new Event("homeward-alive"));
        base.value = (await answer.json()).revision; if (!typed) said.textContent = said.dataset.said;
      }).catch(() => { typed = true; wait = 5000; said.textContent = said.dataset.trouble; }).finally(() => { going = null; if (typed && !over) later(wait); });
    };
    const later = (ms) => { clearTimeout(timer); timer = setTimeout(() => { if (typed && !going && !over) post(); }, ms); };
    form.addEventListener("input", () => { typed = true; if (!over) said.textContent = ""; later(1000); });
    form.addEventListener("submit", (e) => {
      clearTimeout(timer); typed = false;
      if (going) { e.preventDefault(); const by = e.submitter; going.finally(() => form.requestSubmit(by)); }
    });
    // What is still on its way may be cut off with the page: all of it goes once more, whatever came before.
    addEventListener("pagehide", () => {
      if (over || !typed && !going) return;
      const body = words(); if (going) body.delete("base");
      navigator.sendBeacon(form.dataset.autosaveUrl, body);
    });
  }

  /* ---- Other words are kept nowhere until they are sent: the browser asks before they go. Not when they
     are on their way, nor where the page goes to hide them (locked, or signed out here or in another tab). */
  let sent = null, hides = false;
  const came = $("[data-errors]"); // sent and refused: what stands there is not kept either
  const unsent = () => $$("textarea").some((t) => t.form?.method === "post" && t.form !== sent && !t.form.dataset.autosaveUrl && (t.value !== t.defaultValue || came && t.value));
  addEventListener("input", () => { sent = null; });
  addEventListener("submit", (e) => { if (e.target.matches("[action$='/account/logout/']")) hides = true; else if (!e.defaultPrevented) sent = e.target; });
  addEventListener("storage", (e) => { if (e.key === "homeward-out") hides = true; }, true);
  addEventListener("beforeunload", (e) => { if (!hides && !$(".cover") && unsent()) e.preventDefault(); });

  /* ---- What repeats the answers below is folded away where it would fill the screen. */
  if (matchMedia("(max-width: 45rem)").matches) for (const d of $$("[data-fold]")) d.open = false;

  /* ---- What leads away from a form and back takes along which exercise is chosen in it. */
  document.addEventListener("click", (e) => {
    const a = e.target.closest?.("a[data-takes-exercise]"), chosen = a && $("[name=exercise]:checked");
    if (chosen) { const to = new URL(a.href); to.searchParams.set("assign", chosen.value); a.href = to; }
  });

  /* ---- Deeds that ask first. The page of the deed says the same without script. */
  document.addEventListener("submit", (e) => { const ask = e.target.dataset?.confirm; if (ask && !confirm(ask)) e.preventDefault(); });

  /* ---- htmx sends the CSRF token it finds on the page. */
  document.addEventListener("htmx:config:request", (e) => { const t = $("meta[name=csrf-token]")?.content; if (t) e.detail.ctx.request.headers["X-CSRFToken"] = t; });

  /* ---- A box that somebody opens for a comment is ready to type in; one that comes open with the page is not
     gone to: what the page has to say stands above it. */
  document.addEventListener("click", (e) => {
    const d = e.target.closest?.("[data-comment] > summary")?.parentNode;
    if (d && !d.open) d.addEventListener("toggle", () => $("textarea", d).focus(), { once: true });
  });
})();
