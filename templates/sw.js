{% load static %}/* The shell only: style, script, fonts, the offline page. Never a page with anyone's words. */
const SHELL = "homeward-{{ static_version|default:'1' }}";
const FILES = ["{% static 'homeward.css' %}", "{% static 'homeward.js' %}", "{% static 'fonts/atkinson-next.woff2' %}", "{% static 'fonts/digits.woff2' %}", "{% static 'fonts/young-serif.woff2' %}", "{% static 'icon.svg' %}", "/offline", "/offline?form"];
addEventListener("install", (e) => { e.waitUntil(caches.open(SHELL).then((c) => c.addAll(FILES)).then(() => skipWaiting())); });
addEventListener("activate", (e) => { e.waitUntil(caches.keys().then((all) => Promise.all(all.filter((k) => k !== SHELL).map((k) => caches.delete(k)))).then(() => clients.claim())); });
addEventListener("fetch", (e) => {
  const url = new URL(e.request.url);
  if (url.origin !== location.origin) return;
  if (e.request.mode === "navigate") e.respondWith(fetch(e.request).catch(() => caches.match(e.request.method === "GET" ? "/offline" : "/offline?form")));
  else if (e.request.method !== "GET") return;
  else if (FILES.includes(url.pathname)) e.respondWith(caches.match(e.request).then((hit) => hit || fetch(e.request)));
});
