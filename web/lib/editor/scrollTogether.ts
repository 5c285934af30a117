// Two panes that scroll together: the one that moved last leads for a moment, and the other follows without answering.
const leadMs = 150;

/** Says whether this side may move the other one now. */
export function createLead<Side extends string>(): (side: Side) => boolean {
  let leads: Side | null = null;
  let leading: ReturnType<typeof setTimeout> | undefined;
  return (side) => {
    if (leads !== null && leads !== side) return false;
    leads = side;
    clearTimeout(leading);
    leading = setTimeout(() => (leads = null), leadMs);
    return true;
  };
}
