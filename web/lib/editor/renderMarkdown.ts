// The one way from markdown to the page (docs/SECURITY.md "Content"): markdown-it without raw HTML, then DOMPurify last. Text from
// people, agents and imports goes through here and nowhere else. Each block knows its source line, for scrolling beside the editor.
import createPurifier, { type DOMPurify } from 'dompurify';
import MarkdownIt, { type Token } from 'markdown-it';

export type RenderPlace = {
  volume: string;
  /** The file's own path: relative links start at its folder. */
  path: string;
  /** Line of the file (1 is the first) on which this text starts. */
  firstLine?: number;
};

type Environment = RenderPlace & { headings: Map<string, number> };

const markdown = new MarkdownIt('default', { html: false, linkify: true, typographer: false, breaks: false });
markdown.linkify.set({ fuzzyEmail: false, fuzzyLink: false });

markdown.core.ruler.push('lines_and_tasks', ({ tokens, env }) => {
  const { firstLine = 1, headings } = env as Environment;
  tokens.forEach((token: Token, i: number) => {
    if (token.map && token.nesting !== -1) token.attrSet('data-line', String(token.map[0] + firstLine));
    if (token.type === 'heading_open') token.attrSet('id', headingId(tokens[i + 1]?.content ?? '', headings));
    const first = token.type === 'inline' && tokens[i - 2]?.type === 'list_item_open' ? token.children?.[0] : undefined;
    const task = first?.type === 'text' ? /^\[([ xX])\] /.exec(first.content) : null;
    if (first && task) {
      first.content = `${task[1] === ' ' ? '☐' : '☑'} ${first.content.slice(4)}`;
      tokens[i - 2]!.attrJoin('class', 'task');
    }
  });
});

markdown.renderer.rules.link_open = (tokens, i, options, env, self) => {
  const token = tokens[i]!;
  const link = readLink(String(token.attrGet('href') ?? ''), env as Environment);
  token.attrs = link
    ? Object.entries({ ...link, ...(token.attrGet('title') && { title: String(token.attrGet('title')) }) })
    : [];
  return self.renderToken(tokens, i, options);
};

markdown.renderer.rules.image = (tokens, i, _options, env) => {
  const token = tokens[i]!;
  const words = markdown.utils.escapeHtml(token.content);
  const source = String(token.attrGet('src') ?? '');
  if (/^(?:https?:)?\/\//i.test(source)) {
    const address = source.startsWith('//') ? `https:${source}` : source;
    const host = URL.canParse(address) ? new URL(address).host : '';
    return `<a class="remote-image" href="${markdown.utils.escapeHtml(address)}">Image from ${markdown.utils.escapeHtml(host)}${words && `: ${words}`}</a>`;
  }
  if (/^data:image\//i.test(source)) return `<img src="${markdown.utils.escapeHtml(source)}" alt="${words}">`;
  const { volume, path } = env as Environment;
  const file = resolvePath(path, source);
  if (file === null) return words;
  return `<img src="/api/v1/volumes/${encodeURIComponent(volume)}/raw/${encodePath(file)}" alt="${words}">`;
};

markdown.renderer.rules.td_open = markdown.renderer.rules.th_open = (tokens, i, options, _env, self) => {
  const token = tokens[i]!;
  const align = /text-align:(left|right|center)/.exec(String(token.attrGet('style') ?? ''))?.[1];
  token.attrs = align ? [['class', `align-${align}`]] : [];
  return self.renderToken(tokens, i, options);
};

const purifiers = new WeakMap<object, DOMPurify>();

/** Where what is left may point. Paths of this server, fragments, mail and the web. */
const safeAddress = /^(?:https?:\/\/|mailto:|#|\/(?![/\\])|data:image\/(?:png|gif|jpeg|webp);base64,)/i;

/** A fragment that can be put on the page as it is. `window` is another one in tests only. */
export function renderMarkdown(
  text: string,
  place: RenderPlace,
  view: Window & typeof globalThis = window,
): DocumentFragment {
  const html = markdown.render(text, { ...place, headings: new Map() } satisfies Environment);
  return purifierOf(view).sanitize(html, {
    RETURN_DOM_FRAGMENT: true,
    ALLOWED_TAGS: [
      'p',
      'h1',
      'h2',
      'h3',
      'h4',
      'h5',
      'h6',
      'ul',
      'ol',
      'li',
      'a',
      'em',
      'strong',
      's',
      'code',
      'pre',
      'blockquote',
      'hr',
      'br',
      'img',
      'table',
      'thead',
      'tbody',
      'tr',
      'th',
      'td',
    ],
    ALLOWED_ATTR: ['href', 'src', 'alt', 'title', 'class', 'start', 'id', 'data-line', 'data-file'],
    ADD_URI_SAFE_ATTR: ['start', 'data-line', 'data-file'],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    ALLOWED_URI_REGEXP: safeAddress,
    SANITIZE_NAMED_PROPS: true,
  });
}

function purifierOf(view: Window & typeof globalThis): DOMPurify {
  let purifier = purifiers.get(view);
  if (!purifier) {
    purifier = createPurifier(view);
    purifier.addHook('afterSanitizeAttributes', (node) => {
      if (node.tagName === 'IMG') {
        if (!/^(?:\/api\/v1\/volumes\/|data:image\/)/.test(node.getAttribute('src') ?? '')) node.removeAttribute('src');
        node.setAttribute('loading', 'lazy');
        node.setAttribute('referrerpolicy', 'no-referrer');
      }
      if (node.tagName !== 'A') return;
      node.setAttribute('rel', 'noopener noreferrer ugc');
      if (/^https?:/i.test(node.getAttribute('href') ?? '')) node.setAttribute('target', '_blank');
    });
    purifiers.set(view, purifier);
  }
  return purifier;
}

function readLink(href: string, { volume, path }: Environment): Record<string, string> | null {
  if (/^(?:https?:\/\/|mailto:)/i.test(href)) return { href };
  if (href.startsWith('#')) return { href: `#${slug(decode(href.slice(1)))}` };
  if (/^[a-z][a-z0-9+.-]*:/i.test(href) || href.startsWith('//')) return null;
  if (href.startsWith('/v/')) return { href };
  const [, file, fragment] = /^([^?#]*)[^#]*(#.*)?$/.exec(href) ?? [];
  const target = resolvePath(path, file ?? '');
  if (target === null) return null;
  return { href: `/v/${encodePath(volume)}/f/${encodePath(target)}${fragment ?? ''}`, 'data-file': target };
}

/** A path of the volume, from the folder of `from`; `/x` starts at the volume. Null where it would leave it. */
export function resolvePath(from: string, to: string): string | null {
  const parts = to.startsWith('/') ? [] : from.split('/').slice(0, -1);
  for (const part of decode(to).split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return null;
  }
  return parts.length > 0 ? parts.join('/') : null;
}

const encodePath = (path: string) => path.split('/').map(encodeURIComponent).join('/');

function decode(words: string): string {
  try {
    return decodeURIComponent(words);
  } catch {
    return words;
  }
}

/** As GitHub names headings, so that links written for it work here. */
export const slug = (words: string): string =>
  words
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');

function headingId(words: string, taken: Map<string, number>): string {
  const plain = slug(words.replaceAll(/[*_`]/g, ''));
  const before = taken.get(plain) ?? 0;
  taken.set(plain, before + 1);
  return before ? `${plain}-${before}` : plain;
}
