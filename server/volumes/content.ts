// Is it text? And how bytes of people are given back without becoming a page of ours.

/** What a living document can hold (docs/SECURITY.md). */
export const longestText = 8 * 2 ** 20;

/** The text of bytes that a room can hold: UTF-8, no zero characters, at most 8 MiB. Null: keep them as bytes. */
export function textFrom(bytes: Uint8Array): string | null {
  if (bytes.length > longestText || bytes.includes(0)) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

const images: Record<string, string> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
  bmp: 'image/bmp',
  ico: 'image/x-icon',
};

/**
 * Headers for bytes that somebody brought. Only pictures without scripts are shown in place, everything else is a download; whatever
 * a browser makes of them, it does so in a sandbox that may load nothing. A drawing (svg) shows inside `<img>`, where it cannot act.
 */
export function rawHeaders({
  path,
  text,
  download,
}: {
  path: string;
  text: boolean;
  download: boolean;
}): Record<string, string> {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  const image = images[extension];
  const type =
    image ?? (extension === 'svg' ? 'image/svg+xml' : text ? 'text/plain; charset=utf-8' : 'application/octet-stream');
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return {
    'content-type': type,
    'content-disposition': `${image && !download ? 'inline' : 'attachment'}; filename="${plain}"; filename*=UTF-8''${encoded}`,
    'content-security-policy': "sandbox; default-src 'none'",
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
  };
}
