// `Firefox on Linux` from what a browser says of itself; only for people to recognise their own.
export function agentWords(agent: string): string {
  const browser = (
    [
      [/\bEdg(e|A|iOS)?\//, 'Edge'],
      [/\bOPR\//, 'Opera'],
      [/\b(Firefox|FxiOS)\//, 'Firefox'],
      [/\b(Chrome|CriOS|HeadlessChrome)\//, 'Chrome'],
      [/\bSafari\//, 'Safari'],
    ] as const
  ).find(([pattern]) => pattern.test(agent))?.[1];
  const system = (
    [
      [/\biPhone\b/, 'iPhone'],
      [/\biPad\b/, 'iPad'],
      [/\bAndroid\b/, 'Android'],
      [/\bWindows\b/, 'Windows'],
      [/\bMac OS X\b/, 'macOS'],
      [/\bCrOS\b/, 'ChromeOS'],
      [/\bLinux\b/, 'Linux'],
    ] as const
  ).find(([pattern]) => pattern.test(agent))?.[1];
  if (browser && system) return `${browser} on ${system}`;
  return browser ?? (agent.split(/[\s/]/)[0] || 'Unknown program');
}
