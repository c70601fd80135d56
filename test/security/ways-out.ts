/** Code of a hostile page that means to reach a host, by what it uses: the body of an async function that ends when nothing more will come of it. */
export const waysOut: Readonly<Record<string, (host: string) => string>> = {
  fetch: (host) => `await fetch("http://${host}/fetch", { mode: 'no-cors' })`,
  "a fetch that outlives its page": (host) =>
    `await fetch("http://${host}/kept", { mode: 'no-cors', keepalive: true, method: 'POST', body: 'x' })`,
  "an https fetch": (host) => `await fetch("https://${host}/tls", { mode: 'no-cors' })`,
  XMLHttpRequest: (host) =>
    `const x = new XMLHttpRequest(); x.open('GET', "http://${host}/xhr"); await new Promise((done) => { x.onloadend = done; x.send(); })`,
  "a picture": (host) =>
    `await new Promise((done) => { const i = new Image(); i.onload = i.onerror = done; i.src = "http://${host}/image"; })`,
  "a script": (host) =>
    `await new Promise((done) => { const s = document.createElement('script'); s.onload = s.onerror = done; s.src = "http://${host}/script"; document.head.append(s); })`,
  "a style sheet": (host) =>
    `await new Promise((done) => { const l = document.createElement('link'); l.rel = 'stylesheet'; l.onload = l.onerror = done; l.href = "http://${host}/style"; document.head.append(l); })`,
  "a font": (host) => `await new FontFace('f', "url(http://${host}/font)").load()`,
  "a video": (host) =>
    `await new Promise((done) => { const v = document.createElement('video'); v.onerror = v.onloadeddata = done; v.src = "http://${host}/video"; })`,
  "a frame": (host) =>
    `await new Promise((done) => { const f = document.createElement('iframe'); f.onload = done; f.src = "http://${host}/frame"; document.body.append(f); setTimeout(done, 1500); })`,
  "a frame of data": (host) =>
    `await new Promise((done) => { const f = document.createElement('iframe'); f.onload = done; f.src = "data:text/html,<img src=http://${host}/data>"; document.body.append(f); setTimeout(done, 1500); })`,
  "a frame without an origin": (host) =>
    `await new Promise((done) => { const f = document.createElement('iframe'); f.sandbox = 'allow-scripts'; f.srcdoc = "<img src=http://${host}/srcdoc onerror='parent.postMessage(1, &quot;*&quot;)'>"; onmessage = done; document.body.append(f); setTimeout(done, 1500); })`,
  "an object": (host) =>
    `await new Promise((done) => { const o = document.createElement('object'); o.onload = o.onerror = done; o.data = "http://${host}/object"; document.body.append(o); setTimeout(done, 1500); })`,
  "a beacon": (host) => `navigator.sendBeacon("http://${host}/beacon", 'x')`,
  "an event source": (host) => `await new Promise((done) => { new EventSource("http://${host}/events").onerror = done; })`,
  "a WebSocket": (host) => `await new Promise((done) => { new WebSocket("ws://${host}/ws").onclose = done; })`,
  "a WebSocket over TLS": (host) => `await new Promise((done) => { new WebSocket("wss://${host}/wss").onclose = done; })`,
  "a WebSocketStream": (host) => `await new WebSocketStream("ws://${host}/stream").opened`,
  WebTransport: (host) => `const t = new WebTransport("https://${host}/transport"); await t.ready`,
  "WebRTC by STUN": (host) =>
    `const p = new RTCPeerConnection({ iceServers: [{ urls: "stun:${host}" }] }); p.createDataChannel('x'); await p.setLocalDescription(); await new Promise((done) => { p.onicegatheringstatechange = () => p.iceGatheringState === 'complete' && done(); setTimeout(done, 1500); })`,
  "WebRTC by TURN": (host) =>
    `const p = new RTCPeerConnection({ iceServers: [{ urls: ["turn:${host}?transport=udp", "turn:${host}?transport=tcp", "turns:${host}?transport=tcp"], username: 'u', credential: 'c' }] }); p.createDataChannel('x'); await p.setLocalDescription(); await new Promise((done) => { p.onicegatheringstatechange = () => p.iceGatheringState === 'complete' && done(); setTimeout(done, 1500); })`,
  "WebRTC to a peer": (host) =>
    `const p = new RTCPeerConnection(); const q = new RTCPeerConnection(); p.createDataChannel('x'); await p.setLocalDescription(); await q.setRemoteDescription(p.localDescription); await q.setLocalDescription(); await p.setRemoteDescription(q.localDescription); const [ip, port] = '${host}'.split(':'); await p.addIceCandidate({ candidate: 'candidate:1 1 udp 2113937151 ' + ip + ' ' + port + ' typ host', sdpMid: '0' }); await new Promise((done) => setTimeout(done, 1500))`,
  "a worker": (host) =>
    `await new Promise((done) => { const w = new Worker(URL.createObjectURL(new Blob(["fetch('http://${host}/worker', { mode: 'no-cors' }).catch(() => {}).finally(() => postMessage(1))"]))); w.onmessage = done; })`,
  "a shared worker": (host) =>
    `await new Promise((done) => { const w = new SharedWorker(URL.createObjectURL(new Blob(["onconnect = (e) => fetch('http://${host}/shared', { mode: 'no-cors' }).catch(() => {}).finally(() => e.ports[0].postMessage(1))"]))); w.port.onmessage = done; })`,
  "a service worker": (_host) =>
    `const r = await navigator.serviceWorker.register('/sw.js'); await navigator.serviceWorker.ready; await new Promise((done) => setTimeout(done, 500))`,
  "a fetch in the background": (host) =>
    `const r = await navigator.serviceWorker.register('/sw.js'); await navigator.serviceWorker.ready; await r.backgroundFetch.fetch('f', ["http://${host}/background"])`,
  "a ping": (host) =>
    `const a = document.createElement('a'); a.href = '#'; a.ping = "http://${host}/ping"; document.body.append(a); a.click()`,
  "hints to the browser": (host) =>
    `for (const rel of ['preconnect', 'dns-prefetch', 'prefetch', 'preload', 'modulepreload', 'prerender', 'manifest', 'icon']) { const l = document.createElement('link'); l.rel = rel; l.as = 'script'; l.href = "http://${host}/hint"; document.head.append(l); } await new Promise((done) => setTimeout(done, 500))`,
  "speculation rules": (host) =>
    `const s = document.createElement('script'); s.type = 'speculationrules'; s.textContent = JSON.stringify({ prefetch: [{ urls: ["http://${host}/speculated"], eagerness: 'immediate' }], prerender: [{ urls: ["http://${host}/prerendered"], eagerness: 'immediate' }] }); document.head.append(s); await new Promise((done) => setTimeout(done, 500))`,
  "a form": (host) =>
    `const f = document.createElement('form'); f.method = 'post'; f.target = '_blank'; f.action = "http://${host}/form"; document.body.append(f); f.submit(); await new Promise((done) => setTimeout(done, 500))`,
  "a popup": (host) => `open("http://${host}/popup"); await new Promise((done) => setTimeout(done, 500))`,
  "a download": (host) =>
    `const a = document.createElement('a'); a.download = 'x'; a.href = "http://${host}/download"; document.body.append(a); a.click(); await new Promise((done) => setTimeout(done, 500))`,
  "a redirect": (_host) => `await fetch('/redirect', { mode: 'no-cors' })`,
  "a push": (_host) =>
    `const r = await navigator.serviceWorker.register('/sw.js'); await r.pushManager.subscribe({ userVisibleOnly: true })`,
  "a payment handler": (host) =>
    `await new PaymentRequest([{ supportedMethods: "http://${host}/pay" }], { total: { label: 'x', amount: { currency: 'EUR', value: '1' } } }).canMakePayment()`,
  "a login by another": (host) =>
    `await navigator.credentials.get({ identity: { providers: [{ configURL: "http://${host}/fedcm.json", clientId: 'x' }] } })`,
};
