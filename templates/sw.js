{% load static %}/* The shell only: style, script, fonts, the offline page. Never a page with anyone's words. */
const SHELL = "homeward-{{ static_version|default:'1' }}";
const FILES = ["{% static 'homeward.css' %}", "{% static 'homeward.js' %}", "{% static 'fonts/atkinson-next.woff2' %}", "{% static 'fonts/digits.woff2' %}", "{% static 'fonts/young-serif.woff2' %}", "{% static 'icon.svg' %}"];
const OFFLINE = ["/offline", "/offline?form"];
addEventListener("install", (e) => { e.waitUntil(caches.open(SHELL).then((c) => c.addAll([...FILES, ...OFFLINE])).then(() => skipWaiting())); });
addEventListener("activate", (e) => { e.waitUntil(caches.keys().then((all) => Promise.all(all.filter((k) => k !== SHELL).map((k) => caches.delete(k)))).then(() => clients.claim())); });
/* The page for offline speaks as the pages last did: as whoever is signed in, not as the browser. */
const follow = async (spoken) => {
  const shell = await caches.open(SHELL), kept = await shell.match(OFFLINE[0]);
  if (spoken && spoken !== kept?.headers.get("Content-Language")) await shell.addAll(OFFLINE);
};
addEventListener("fetch", (e) => {
  const url = new URL(e.request.url);
  if (url.origin !== location.origin) return;
  if (e.request.mode === "navigate") {
    const page = fetch(e.request);
    e.respondWith(page.catch(() => caches.match(OFFLINE[e.request.method === "GET" ? 0 : 1])));
    e.waitUntil(page.then((r) => follow(r.headers.get("Content-Language"))).catch(() => {}));
  }
  else if (e.request.method !== "GET") return;
  else if (FILES.includes(url.pathname)) e.respondWith(caches.match(e.request).then((hit) => hit || fetch(e.request)));
});
