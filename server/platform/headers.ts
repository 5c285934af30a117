// What every answer tells the browser to forbid. The policy for the app's page allows nothing from elsewhere and no inline script but
// those of the page itself, by their hashes.

export function securityHeaders({ tls }: { tls: boolean }): Record<string, string> {
  return {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': denied
      .map((feature) => `${feature}=()`)
      .concat('serial=(self)', 'fullscreen=(self)', 'clipboard-write=(self)')
      .join(', '),
    ...(tls ? { 'strict-transport-security': 'max-age=31536000' } : {}),
  };
}

const denied = [
  'accelerometer',
  'bluetooth',
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

/** For everything that is not the app's page: JSON, text, bytes of volumes. Nothing in them may run. */
export const inertPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox";
