// What every answer tells the browser to forbid. The policy for the app's page allows nothing from elsewhere and no inline script but
// those of the page itself, by their hashes.

export function securityHeaders({ tls }: { tls: boolean }): Record<string, string> {
  return {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    // both together give the page, and the frames that it lets have it, shared memory: Python's interrupt and input() want it
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-resource-policy': 'same-origin',
    // `cross-origin-isolated` must not be named here: it would take shared memory from the frames
    'permissions-policy': denied
      .map((feature) => `${feature}=()`)
      .concat('serial=(self)', 'fullscreen=(self)', 'clipboard-write=(self)')
      .join(', '),
    ...(tls ? { 'strict-transport-security': 'max-age=31536000' } : {}),
  };
}

const denied = [
  'accelerometer',
  'camera',
  'display-capture',
  'geolocation',
  'gyroscope',
  'hid',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'publickey-credentials-get',
  'screen-wake-lock',
  'usb',
  'xr-spatial-tracking',
];

/** `scriptHashes`: of the page's inline scripts. `origin`: our own address, for the sandbox frames. */
export function pagePolicy({ scriptHashes, origin }: { scriptHashes: string[]; origin: string }): string {
  return [
    "default-src 'none'",
    ["script-src 'self' 'wasm-unsafe-eval'", ...scriptHashes].join(' '),
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' blob: data:",
    "media-src 'self'",
    "font-src 'self' data:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "manifest-src 'self'",
    `frame-src ${origin}/sandbox/`,
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ].join('; ');
}

/**
 * For `/sandbox/*`: what runs there was written by anybody. The header's own `sandbox` makes the origin opaque also when somebody opens
 * the address in a tab; `Connection-Allowlist` stops what no policy governs (preconnect, WebRTC, leaving by navigation). The frame is
 * no same origin of ours any more, so its scripts must say that others may load them.
 */
export function sandboxHeaders({ path, origin, tls }: { path: string; origin: string; tls: boolean }) {
  const headers: Record<string, string> = {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-resource-policy': 'cross-origin',
    ...(tls ? { 'strict-transport-security': 'max-age=31536000' } : {}),
  };
  const policy = sandboxPolicies[path];
  if (!policy) return { ...headers, 'content-security-policy': inertPolicy };
  return {
    ...headers,
    'content-security-policy': [
      'sandbox allow-scripts',
      "default-src 'none'",
      ...policy(origin),
      ...everyFrame(origin),
    ].join('; '),
    'connection-allowlist': '(response-origin)',
    'x-dns-prefetch-control': 'off',
    'permissions-policy': deniedInFrames.map((feature) => `${feature}=()`).join(', '),
  };
}

const sandboxPolicies: Record<string, (origin: string) => string[]> = {
  '/sandbox/py.html': (origin) => [
    `script-src ${origin}/sandbox/py-boot.js blob: 'wasm-unsafe-eval'`,
    'worker-src blob:',
  ],
  '/sandbox/board.html': (origin) => [
    `script-src ${origin}/sandbox/board-boot.js blob: 'wasm-unsafe-eval'`,
    'worker-src blob:',
  ],
  '/sandbox/applet.html': (origin) => [
    `script-src ${origin}/sandbox/applet-runtime.js blob:`,
    "style-src 'unsafe-inline'",
    'img-src data: blob:',
    'font-src data:',
    'media-src data: blob:',
    "worker-src 'none'",
    "child-src 'none'",
    "frame-src 'none'",
  ],
};

const everyFrame = (origin: string) => [
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  `frame-ancestors ${origin}`,
];

const deniedInFrames = [
  'camera',
  'microphone',
  'geolocation',
  'clipboard-read',
  'clipboard-write',
  'display-capture',
  'usb',
  'serial',
  'hid',
  'midi',
  'payment',
  'publickey-credentials-get',
  'screen-wake-lock',
  'fullscreen',
  'idle-detection',
  'local-fonts',
  'storage-access',
  'browsing-topics',
];

/** For everything that is not the app's page: JSON, text, bytes of volumes. Nothing in them may run. */
export const inertPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox";
