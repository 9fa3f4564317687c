/* Homeward, for everyone: it improves pages that work without it. Trusted Types hold, so no innerHTML.
   Raw IndexedDB, not idb: get, put and delete of one store are fifteen lines. */
(() => {
  "use strict";
  const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
  /* storage can be forbidden; then nothing is remembered */
  const quietly = (f) => { try { return f(); } catch { return null; } };
  const slots = (store) => (k) => ({ get: () => quietly(() => store().getItem(k)), set: (v) => quietly(() => (v ? store().setItem(k, v) : store().removeItem(k))) });
  const remember = slots(() => localStorage), inTab = slots(() => sessionStorage);
  const csrf = () => $("meta[name=csrf-token]")?.content ?? $("[name=csrfmiddlewaretoken]")?.value ?? "";

  /* ---- Leave: cover, end the session, replace: Back does not return here. Should the server be slow, the
     tab remembers, and Back finds the cover. */
  const drafts = [];
  const here = inTab("homeward-left"), posted = inTab("homeward-posted"), kept = inTab("homeward-typed"), tab = inTab("homeward-tab");
  const cover = () => { const c = document.createElement("div"); c.className = "cover"; document.body.append(c); document.title = "Weather"; };
  const end = (form) => fetch(form.action, { method: "POST", body: new FormData(form), keepalive: true, redirect: "manual" }).catch(() => {});
  /* copies go once the session has ended; without an answer both stay, for their owner alone */
  const out = (form) => end(form).then((r) => r && r.status < 500 && wipe());
  /* other tabs hear of it; the mark itself does not stay */
  const tell = (what) => { const out = remember("homeward-out"); out.set(what); out.set(""); };
  const leave = (button) => {
    cover(); kept.set(""); here.set("1"); tell("leave");
    for (const d of drafts) d.last();
    const go = () => location.replace(button.dataset.exit);
    if (button.form) Promise.race([out(button.form), new Promise((ok) => setTimeout(ok, 400))]).then(go); else go();
  };
  const exit = $("form [data-exit]");
  if (here.get() && $("meta[name=csrf-token]") && exit) { cover(); out(exit.form).then(() => { here.set(""); location.reload(); }); } else here.set("");
  document.addEventListener("click", (e) => { const b = e.target.closest?.("[data-exit]"); if (b) { e.preventDefault(); leave(b); } });
  let shifts = [];
  addEventListener("keydown", (e) => {
    if (e.key !== "Shift") { shifts = []; return; }
    if (e.repeat) return;
    const b = $("[data-exit]"), now = Date.now();
    shifts = [...shifts.filter((t) => now - t < 2000), now];
    if (b && shifts.length >= 3) leave(b);
  });
  /* from an error page back to the form, as the browser's own Back does it */
  document.addEventListener("click", (e) => { if (e.target.closest?.("[data-back]") && history.length > 1) { e.preventDefault(); history.back(); } });
  /* no passkey of this device fits: the page says what else opens */
  document.addEventListener("allauth.error", (e) => { for (const p of $$("[data-no-key]")) { e.preventDefault(); p.hidden = false; } });
  /* a skipped fade is no error: also one that no event hands out, skipped before its page is shown */
  addEventListener("unhandledrejection", (e) => /transition/i.test(e.reason) && e.preventDefault());
  /* a page the browser kept in memory shows nothing old after leaving */
  addEventListener("pageshow", (e) => { if (e.persisted) location.reload(); });

  for (const b of $$("[data-print]")) { b.hidden = false; b.addEventListener("click", () => print()); }

  /* ---- Menus, errors. */
  document.addEventListener("click", (e) => {
    const t = e.target.closest ? e.target : document.body;
    for (const m of $$("details[data-menu][open]")) if (!m.contains(t)) m.open = false;
  });
  addEventListener("keydown", (e) => { if (e.key === "Escape") for (const m of $$("details[data-menu][open]")) { m.open = false; $("summary", m).focus(); } });
  const stopped = $("[data-errors]");
  /* of a form that came back, Back and reload ask for its page anew */
  if (stopped) { stopped.focus(); history.replaceState(history.state, "", location.href); }

  /* ---- Copies on this device: sealed with a key the server gives to the same person only, under their
     owner's mark: of another's nothing is opened, told or deleted. */
  const shared = () => remember("homeward-shared").get() === "1";
  const open = () => new Promise((ok, no) => { const r = indexedDB.open("homeward", 1); r.onupgradeneeded = () => r.result.createObjectStore("drafts"); r.onsuccess = () => ok(r.result); r.onerror = () => no(r.error); });
  const tx = async (mode, fn) => { const db = await open(); return new Promise((ok, no) => { const t = db.transaction("drafts", mode), q = fn(t.objectStore("drafts")); t.oncomplete = () => { db.close(); ok(q.result); }; t.onerror = () => { db.close(); no(t.error); }; }); };
  const keys = {}, bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const keyOf = (name = "draft-key") => keys[name] ??= crypto.subtle.importKey("raw", bytes($(`meta[name=${name}]`).content), "AES-GCM", false, ["encrypt", "decrypt"]);
  const seal = async (o, name) => { const iv = crypto.getRandomValues(new Uint8Array(12)); return { iv, box: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await keyOf(name), new TextEncoder().encode(JSON.stringify(o))) }; };
  const unseal = async ({ iv, box }, name) => JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, await keyOf(name), box)));
  let gone = false; /* who left or signed out leaves no copy: no tab writes a new one */
  const keeps = () => !gone && !shared() && !!$("meta[name=draft-key]") && !!globalThis.crypto?.subtle && !!globalThis.indexedDB;
  const owner = $("meta[name=copies-of]")?.content, mine = () => IDBKeyRange.bound(`${owner} `, `${owner}!`);
  /* after changing to another of their pages: what the browser puts back was for somebody else */
  if (owner) {
    const was = history.state?.of;
    if (was && was !== owner) addEventListener("pageshow", () => { for (const f of document.forms) f.reset(); });
    history.replaceState({ ...history.state, of: owner }, "");
  }
  const wipe = () => { gone = true; return owner && tx("readwrite", (s) => s.delete(mine())).catch(() => {}); };
  /* whose owner does not come back: as long as a session lasts at most */
  if (keeps()) tx("readwrite", (s) => { const all = s.openCursor(); all.onsuccess = () => { const c = all.result; if (c) { if (!(c.value.at > Date.now() - 30 * 864e5)) c.delete(); c.continue(); } }; return all; }).catch(() => {});
  /* A form whose answer leads on has reached the server: its copy goes. A page in its stead (a problem, no line,
     the sign-in) settles nothing; two texts to choose from, later. */
  const address = () => location.href.split("#")[0];
  const settled = (async () => {
    const [slot, from] = JSON.parse(posted.get() ?? "[]");
    if (!$("[name=keep]")) posted.set("");
    if (slot?.startsWith(`${owner} `) && from === document.referrer && performance.getEntriesByType("navigation")[0]?.redirectCount) await tx("readwrite", (s) => s.delete(slot));
  })().catch(() => {});
  const token = (bytes) => [...crypto.getRandomValues(new Uint8Array(bytes))].map((b) => b.toString(16).padStart(2, "0")).join("");
  /* two tabs of one browser are two hands that write, too */
  tab.set(tab.get() ?? token(4));
  const mark = remember("homeward-device"), id = mark.get() ?? token(12), device = `${id}.${tab.get() ?? ""}`;
  mark.set(id);
  for (const el of $$("[data-shared-device]")) {
    el.hidden = false;
    const box = $("input", el);
    if (box) { box.checked = shared(); box.addEventListener("change", () => { remember("homeward-shared").set(box.checked ? "1" : ""); if (box.checked) tx("readwrite", (s) => s.clear()).catch(() => {}); }); }
  }

  /* ---- The idle lock, told before it comes. What is not sent stays in this tab, sealed for the same person:
     whoever sits down meanwhile finds the sign-in. */
  const { expires, warns } = document.body.dataset, idle = expires * 1000, warning = warns * 1000, MINUTE = 60000;
  let lockAt = Date.now() + idle, locked = false;
  const alive = () => { lockAt = Date.now() + idle; const w = $("[data-session-warning]"); if (w) w.hidden = true; };
  const stay = () => fetch("/still-here", { method: "POST", redirect: "manual", headers: { "X-CSRFToken": csrf() } }).then((r) => { if (r.ok) alive(); return r.ok; });
  const ticked = (el) => /radio|checkbox/.test(el.type);
  const value = (el) => (ticked(el) ? el.checked : el.value);
  const first = (el) => (ticked(el) ? el.defaultChecked : el.options ? ([...el.options].find((o) => o.defaultSelected) ?? el.options[0])?.value : el.defaultValue);
  const typing = () => {
    const seen = {};
    return $$("form[method=post] :is(input, textarea, select)").filter((el) => el.name && !/hidden|password|file|submit|button/.test(el.type)).map((el) => {
      const name = ticked(el) ? `${el.name}=${el.value}` : el.name;
      return [`${name} ${seen[name] = (seen[name] ?? 0) + 1}`, el];
    });
  };
  const lock = async () => {
    if (locked) return;
    locked = true; cover();
    for (const d of drafts) d.last();
    try {
      const changed = typing().filter(([, el]) => value(el) !== first(el)).map(([k, el]) => [k, value(el), first(el)]);
      if (changed.length) { const { iv, box } = await seal({ at: location.pathname, changed }, "lock-key"); kept.set(JSON.stringify([iv, new Uint8Array(box)].map((b) => btoa([...b].map((n) => String.fromCharCode(n)).join(""))))); }
    } catch { /* no key, no room: the cover stays all the same */ }
    /* asked for anew, not sent again */
    location.replace(location.pathname + location.search);
  };
  const comeBack = async () => {
    const [iv, box] = JSON.parse(kept.get()).map(bytes), { at, changed } = await unseal({ iv, box }, "lock-key");
    if (at !== location.pathname) return;
    const fields = new Map(typing());
    for (const [k, typed, before] of changed) {
      const el = fields.get(k), now = el && value(el);
      if (!el || now === typed) continue;
      if (ticked(el)) el.checked = typed; else el.value = now === before || el.tagName !== "TEXTAREA" ? typed : `${now}\n\n${typed}`; /* changed elsewhere: both stay */
      const d = el.closest("details"); if (d) d.open = true;
      el.dispatchEvent(new Event("input", { bubbles: true }));
    }
    kept.set(""); const n = $("[data-words-back]"); if (n) n.hidden = false;
  };
  if (idle) {
    const look = () => {
      const left = lockAt - Date.now(), w = $("[data-session-warning]");
      if (left <= 0) lock(); else if (w && left <= warning) {
        const n = $("b", w), m = Math.ceil(left / MINUTE);
        w.hidden = false; if (n.textContent != m) n.textContent = m;
      }
    };
    setInterval(look, 10000); document.addEventListener("visibilitychange", look);
    addEventListener("homeward-alive", alive); /* a reply was kept: that is somebody writing */
    $("[data-stay]")?.addEventListener("click", () => stay().then((ok) => ok || lock(), () => {}));
    /* the server counts to the minute: what is sent in the last one asks first */
    addEventListener("submit", (e) => {
      const form = e.target, by = e.submitter;
      if (lockAt - Date.now() > Math.min(MINUTE, warning) || form.method !== "post" || form.matches("[action$='/account/logout/'], .exit-form")) return;
      e.preventDefault(); e.stopImmediatePropagation();
      stay().then((ok) => (ok ? form.requestSubmit(by) : lock()), () => {});
    }, true);
    if (kept.get()) comeBack().catch(() => {}); /* somebody else's: it stays shut */
  }

  /* ---- Saying how it stands: on the page at once, to assistive technology at most every ten seconds. */
  let said = 0, later = 0;
  const say = (text, safe = true) => {
    const s = $("[data-saved]"); if (!s || !text) return;
    const seen = $("[data-saved-text]", s); seen.textContent = text; $(".saved-mark", s).hidden = !safe;
    seen.ariaHidden = "true"; /* from here on the status says it, and one of the two is enough */
    clearTimeout(later);
    const aloud = $("[data-saved-status]", s); /* the same sentence is not read twice */
    if (aloud.textContent !== text) later = setTimeout(() => { said = Date.now(); aloud.textContent = text; }, Math.max(0, said + 10000 - Date.now()));
  };
  const sentence = (k) => $("[data-saved]")?.dataset[k] ?? "";
  const trouble = (which) => {
    const n = $("[data-trouble-note]"); if (!n) return;
    n.hidden = !which;
    for (const c of $$("[data-case]", n)) c.hidden = c.dataset.case !== which;
    for (const a of $$("[data-sign-in]", n)) a.href = "/account/login/?next=" + encodeURIComponent(location.pathname);
  };

  /* ---- Drafts: the server is the truth, the device a bridge until it has them. */
  /* as the server keeps it: without blanks around it, and nothing for nothing */
  const plain = (a) => (a ?? []).map((v) => v.normalize("NFC").trim()).filter(Boolean);
  const same = (a, b) => JSON.stringify(plain(a)) === JSON.stringify(plain(b));
  class Draft {
    constructor(form) {
      this.form = form; this.slot = `${owner} ` + (form.dataset.homework ?? location.pathname) + " " + (form.dataset.items ?? form.dataset.item ?? "");
      this.rev = +form.dataset.revision || 0; this.n = 0; this.acked = 0; this.wait = 2000; this.closed = false; this.leaving = false; this.pressed = false;
      this.first = this.read();
      form.addEventListener("input", () => this.touched(1000));
      form.addEventListener("change", () => this.touched(0));
      form.addEventListener("focusout", () => { if (this.n > this.acked) this.touched(0, false); });
      form.addEventListener("submit", (e) => this.submitting(e));
      addEventListener("online", () => { this.pressed = false; this.send(); });
      addEventListener("offline", () => this.away());
      addEventListener("pagehide", () => this.last());
      document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") this.last(); });
      if (keeps()) this.restore();
    }
    fields() { return [...this.form.elements].filter((el) => el.name && !/submit|button|fieldset|file|hidden/.test(el.type)); }
    read() { const o = {}; for (const el of this.fields()) { o[el.name] ??= []; if (ticked(el) ? el.checked : el.value !== "") o[el.name].push(el.value); } return o; }
    fill(o) {
      for (const name of Object.keys(o)) this.grow(name);
      for (const el of this.fields()) { const v = o[el.name]; if (!v) continue; if (ticked(el)) el.checked = v.includes(el.value); else el.value = v[0] ?? ""; }
    }
    grow(name) { /* a list may have more rows than the page has */
      const rows = $$("[data-rows]", this.form).find((r) => name.startsWith(r.dataset.rows + "."));
      for (let i = 0; rows && i < 30 && !this.form.elements[name]; i++) addRow(rows);
    }
    touched(delay, changed = true) {
      if (changed) { this.n++; this.leaving = false; posted.set(""); this.keep(); } /* written after all: that did not go along */
      clearTimeout(this.timer); this.timer = setTimeout(() => this.send(), delay);
    }
    /* no debounce: sealed at once, one write in flight, the latest state wins */
    async keep() {
      if (!keeps()) return;
      this.dirty = true; if (this.writing) return; this.writing = true;
      try { while (this.dirty) { this.dirty = false; const copy = { at: Date.now(), ...await seal({ rev: this.rev, zone: this.form.dataset.zone, first: this.first, fields: this.read() }) }; if (keeps()) await tx("readwrite", (s) => s.put(copy, this.slot)); } }
      catch { /* a full or forbidden store: the server copy remains */ }
      finally { this.writing = false; }
    }
    async forget() { if (!globalThis.indexedDB) return; while (this.writing) await new Promise((ok) => setTimeout(ok, 20)); if (this.n === this.acked) await tx("readwrite", (s) => s.delete(this.slot)).catch(() => {}); }
    async restore() {
      let copy;
      try { await settled; const sealed = await tx("readonly", (s) => s.get(this.slot)); if (!sealed) return; copy = await unseal(sealed); }
      catch { tx("readwrite", (s) => s.delete(this.slot)).catch(() => {}); return; } /* the server's secret is another */
      if (this.n) return;
      /* a time by another zone's clock: the server's stays */
      if (copy.zone !== this.form.dataset.zone) for (const k of Object.keys(copy.fields)) if (k.startsWith(`${this.form.dataset.when}.`)) delete copy.fields[k];
      const here = this.first, differ = Object.keys(copy.fields).filter((k) => !same(copy.fields[k], here[k]));
      if (!differ.length) { this.forget(); return; }
      const longer = differ.every((k) => same(copy.first?.[k], here[k]) || (plain(copy.fields[k])[0] ?? "").startsWith(plain(here[k])[0] ?? ""));
      if (copy.rev >= this.rev || longer) { this.fill(copy.fields); say(sentence("offline")); this.n++; this.send(); }
      else { this.n++; this.conflict({ mine: copy.fields, theirs: here, revision: this.rev }); }
    }
    request(keepalive) { return fetch(this.form.dataset.saveUrl, { method: "POST", keepalive, redirect: "manual", credentials: "same-origin", headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrf() }, body: JSON.stringify({ revision: this.rev, device, fields: this.read() }) }); }
    /* on the way out: one try that outlives the page */
    last() { if (this.n > this.acked && !this.closed && !this.leaving && this.form.dataset.saveUrl && !this.choosing) { this.keep(); try { this.request(true).catch(() => {}); } catch { /* too large for keepalive: the device copy stands */ } } }
    async send() {
      if (this.n === this.acked || this.closed || this.leaving || this.choosing || !this.form.dataset.saveUrl) return;
      if (this.sending) { this.again = true; return; }
      clearTimeout(this.timer);
      const n = this.n;
      this.sending = (async () => {
        let r;
        try { r = await this.request(false); } catch { this.away(); return; }
        if (r.ok) {
          const got = await r.json();
          this.rev = got.revision; this.acked = n; this.wait = 2000; alive(); trouble(""); this.beside();
          const hidden = this.form.elements.revision; if (hidden) hidden.value = got.revision;
          say(got.saved_at_text); if (this.n > n) this.keep();
          this.forget();
        } else if (r.status === 412) this.conflict(await r.json());
        else if (r.type === "opaqueredirect" || r.status === 401) this.out();
        else if (r.status === 403) this.shut((await r.json().catch(() => 0)).code === "elsewhere" ? "elsewhere" : "unseated");
        else if (r.status === 404 || r.status === 409 || r.status === 410) this.shut("closed");
        else if (r.status === 422) { const { errors } = await r.json(); this.beside(errors); say(Object.values(errors ?? {})[0]?.[0] ?? sentence("trouble"), false); }
        else if (r.status === 400 || r.status === 413) say(sentence("stopped"), false); /* sending it says what is wrong, in full */
        else { trouble("trouble"); say(sentence("trouble"), false); this.retry(); }
      })();
      await this.sending; this.sending = null;
      if (this.again) { this.again = false; this.touched(0, false); }
    }
    /* said below the words, too: where one writes the bar may be out of sight */
    beside(errors) {
      for (const p of $$("[data-beside]", this.form)) p.remove();
      for (const [k, [text]] of Object.entries(errors ?? {})) {
        const el = this.all(k).find((x) => x.type === "textarea"), p = document.createElement("p");
        p.className = "field-error"; p.dataset.beside = ""; p.textContent = text; el?.after(p);
      }
    }
    shut(why) { this.closed = true; trouble(why); say(sentence("stopped"), false); }
    out() { trouble(keeps() ? "signed-out" : "signed-out-shared"); say(sentence("signedOut"), false); }
    away() { const kept = keeps(); trouble(this.pressed ? "" : kept ? "offline" : "offline-shared"); say(kept ? sentence("offline") : sentence("trouble"), kept); this.retry(); }
    retry() { clearTimeout(this.timer); if (this.n > this.acked) { this.timer = setTimeout(() => this.send(), this.wait); this.wait = Math.min(this.wait * 2, 60000); } else if (navigator.onLine) trouble(""); else addEventListener("online", () => trouble(""), { once: true }); }
    /* a save on its way would race with the form: it lands first, for two seconds at most; none sets out after */
    submitting(e) {
      clearTimeout(this.timer);
      const hidden = this.form.elements.device; if (hidden) hidden.value = device;
      if (e.defaultPrevented) return;
      /* without a line, what was pressed is said not to have gone out (below), and that alone */
      if (!navigator.onLine) { this.pressed = true; this.away(); return; }
      if (!this.sending || this.waited) { this.leaving = true; if (keeps()) posted.set(JSON.stringify([this.slot, address()])); return; }
      e.preventDefault(); const by = e.submitter; this.waited = true;
      Promise.race([this.sending, new Promise((ok) => setTimeout(ok, 2000))]).then(() => { if (!this.choosing) this.form.requestSubmit(by); this.waited = false; });
    }
    all(name) { return this.fields().filter((el) => el.name === name); }
    words(fields, names) {
      const label = (el) => el?.labels[0].textContent.trim().replace(/\s+/g, " ");
      return names.map((k) => fields[k]?.map((v) => { const all = this.all(k), el = all.find((x) => ticked(x) && x.value === v); return el ? label(el) : `${label(all[0])} · ${v}`; }).join(", ")).filter(Boolean).join("\n");
    }
    conflict({ mine, theirs, revision }) {
      const t = $("template[data-conflict]"); if (!t) { trouble("trouble"); return; }
      if (this.choosing) return;
      this.choosing = true;
      mine = mine && typeof mine === "object" ? mine : this.read(); theirs ??= {};
      const names = Object.keys({ ...mine, ...theirs }).filter((k) => !same(mine[k], theirs[k]));
      for (const k of names) this.grow(k);
      const box = t.content.cloneNode(true).firstElementChild;
      $("[data-mine]", box).textContent = this.words(mine, names) || "–";
      $("[data-theirs]", box).textContent = this.words(theirs, names) || "–";
      /* where one alone can stay */
      if (names.some((k) => mine[k]?.[0] && theirs[k]?.[0] && this.all(k)[0]?.matches("[type=radio], [type=time], [inputmode]"))) $("[data-keep=both]", box).remove();
      box.addEventListener("click", (e) => {
        const how = e.target.closest("[data-keep]")?.dataset.keep; if (!how) return;
        const both = (a = [], b = [], el) => (el?.type === "checkbox" ? [...new Set([...a, ...b])] : [[a[0], b[0]].filter(Boolean).join(el?.matches("textarea:not(.line)") ? "\n\n" : " / ")]);
        const chosen = {};
        for (const k of names) { const [el] = this.all(k); chosen[k] = how === "mine" ? mine[k] ?? [] : how === "theirs" ? theirs[k] ?? [] : both(mine[k], theirs[k], el); }
        this.fill(chosen); this.rev = revision; this.choosing = false; this.n++; box.remove(); this.keep(); this.send();
        this.fields()[0]?.focus();
      });
      this.form.before(box); box.focus();
    }
  }

  /* ---- A line that wraps is still a line: Enter goes on. */
  addEventListener("keydown", (e) => { if (e.key === "Enter" && !e.isComposing && e.target.matches?.("textarea.line")) { e.preventDefault(); e.target.form?.requestSubmit(); } });

  /* ---- Lists: one more row, without a round trip. */
  const addRow = (rows) => {
    const all = $$("[data-row]", rows), lastRow = all.at(-1), n = all.length;
    if (!lastRow || (rows.dataset.max && n >= +rows.dataset.max)) return null;
    const row = lastRow.cloneNode(true), old = `${rows.dataset.rows}.${n - 1}`, fresh = `${rows.dataset.rows}.${n}`;
    for (const el of [row, ...$$("*", row)]) for (const a of ["name", "id", "for", "aria-describedby"]) if (el.hasAttribute(a)) el.setAttribute(a, el.getAttribute(a).replaceAll(old, fresh));
    for (const el of $$("input, textarea, select", row)) { if (ticked(el)) { el.checked = false; el.removeAttribute("checked"); } else { el.value = ""; el.removeAttribute("value"); if (el.tagName === "TEXTAREA") el.textContent = ""; } el.removeAttribute("aria-invalid"); }
    for (const el of $$(".field-error", row)) el.remove();
    for (const el of $$("[data-number], legend.eyebrow", row)) el.textContent = el.textContent.replace(/\d+/, n + 1);
    rows.append(row);
    return row;
  };
  document.addEventListener("click", (e) => {
    const b = e.target.closest?.("[data-add]"); if (!b) return;
    const rows = $$("[data-rows]", b.form ?? document).find((r) => r.dataset.rows === b.dataset.add), row = rows && addRow(rows);
    if (!row) return;
    e.preventDefault(); $("input, textarea", row)?.focus();
    if (rows.dataset.max && $$("[data-row]", rows).length >= +rows.dataset.max) b.hidden = true;
  });
  for (const form of $$("form[data-draft]")) {
    drafts.push(new Draft(form));
    /* one more tap (not a double one), or Delete, unticks a radio */
    let held;
    const untick = (el) => { el.checked = false; el.dispatchEvent(new Event("change", { bubbles: true })); };
    form.addEventListener("pointerdown", (e) => { const el = e.target.closest("label")?.control ?? e.target; held = el.type === "radio" && el.checked && el; });
    form.addEventListener("click", (e) => { if (e.detail > 1) held = null; if (e.target === held) { held = null; untick(e.target); } });
    form.addEventListener("keydown", (e) => { if (e.target.type === "radio" && e.target.checked && /^(Delete|Backspace)$/.test(e.key)) { e.preventDefault(); untick(e.target); } });
  }

  /* ---- Without a line no form leads anywhere: stay, with what is typed, and say so. */
  const unsentNote = $("[data-not-sent]");
  if (unsentNote) {
    addEventListener("submit", (e) => {
      if (navigator.onLine || e.defaultPrevented || e.target.method !== "post") return;
      e.preventDefault(); unsentNote.hidden = false; unsentNote.scrollIntoView({ block: "center" });
    });
    addEventListener("online", () => { unsentNote.hidden = true; });
  }

  /* ---- A double tap would throw the first press's answer away. Pressed again later, the line was slow: it goes. */
  addEventListener("submit", (e) => {
    const form = e.target, at = Date.now();
    if (e.defaultPrevented || !form.elements.once) return;
    if (at - form.dataset.sent < 2000) e.preventDefault(); else form.dataset.sent = at;
  });

  /* ---- Signing out: what is typed lands first, then one's copies go; the page says which never arrived. */
  const waiting = async () => (owner ? tx("readonly", (s) => s.count(mine())).catch(() => 0) : 0);
  const unsent = $("[data-unsent]");
  if (unsent && globalThis.indexedDB) waiting().then((n) => { unsent.hidden = !n; });
  document.addEventListener("submit", async (e) => {
    const form = e.target;
    if (form.matches("form[action$='/account/logout/']")) kept.set("");
    if (e.defaultPrevented || !form.matches("form[action$='/account/logout/']") || !$("meta[name=csrf-token]") || !globalThis.indexedDB) return;
    e.preventDefault();
    await Promise.race([Promise.all(drafts.map(async (d) => { await d.sending; await d.send(); await d.forget(); })), new Promise((ok) => setTimeout(ok, 2000))]);
    if (!unsent && await waiting()) { location.assign(form.action); return; }
    await wipe();
    /* ended first, so that no other tab asks too early; then the form itself leads on */
    await end(form); tell("out"); form.submit();
  });
  addEventListener("storage", (e) => {
    if (e.key !== "homeward-out" || !e.newValue || !$("meta[name=csrf-token]")) return;
    gone = true;
    if (e.newValue === "leave" && exit) { cover(); location.replace(exit.dataset.exit); }
    else if (drafts.every((d) => d.n === d.acked)) location.reload();
    else drafts[0].out();
  });

  /* ---- Quiet timer: an offer, never a limit. */
  customElements.define("hw-timer", class extends HTMLElement {
    connectedCallback() {
      this.total = +this.dataset.seconds; this.left = this.total; this.show();
      const b = $("[data-toggle]", this), label = $("span", b);
      b.addEventListener("click", () => { this.tick ? this.stop() : this.start(); label.textContent = this.tick ? this.dataset.hold : this.dataset.on; });
      $("[data-more]", this).addEventListener("click", () => { this.left += 60; this.total = Math.max(this.total, this.left); this.show(); });
    }
    start() { this.at = performance.now(); this.tick = setInterval(() => { const n = performance.now(); this.left -= (n - this.at) / 1000; this.at = n; if (this.left <= 0) { this.left = 0; this.stop(); $("[data-toggle] span", this).textContent = this.dataset.go; $("[data-said]", this).textContent = this.dataset.done; } this.show(); }, 250); }
    stop() { clearInterval(this.tick); this.tick = 0; }
    show() { const s = Math.ceil(this.left); $("time", this).textContent = `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`; $(".run", this).setAttribute("stroke-dasharray", `${(100 * this.left / this.total).toFixed(1)} 100`); }
    disconnectedCallback() { this.stop(); }
  });

  /* ---- Choosing how strong a feeling is chooses the feeling; unchoosing the feeling forgets it. */
  document.addEventListener("change", (e) => {
    const felt = e.target.closest?.(".felt"); if (!felt) return;
    const word = $(".feeling input", felt);
    if (e.target === word) { if (!word.checked) for (const r of $$(".strength input", felt)) r.checked = false; } else word.checked = true;
  }, true);

  /* ---- The shell for offline. Pages are never kept, see sw.js. */
  /* No word always comes when the line is back: the offline page asks. */
  if ($("[data-retry]")) {
    let wait = 1000;
    const ask = () => fetch("/health", { cache: "no-store" }).then((r) => r.ok && location.reload(), () => {});
    const later = () => setTimeout(() => ask().then(later), wait = Math.min(wait * 1.5, 30000));
    addEventListener("online", ask); later();
  }
  if (document.body.dataset.worker && navigator.serviceWorker) try {
    const only = { createScriptURL: (u) => { if (u !== "/sw.js") throw new TypeError("No other worker"); return u; } };
    const policy = globalThis.trustedTypes?.createPolicy("homeward", only) ?? only;
    navigator.serviceWorker.register(policy.createScriptURL("/sw.js")).catch(() => {});
  } catch { /* not here, not now: everything works without */ }
})();
