/** A location's words as they are stored: what was said, its name, and last a link to a map. */
export function splitPlace(text: string): { name: string; href: string | undefined } {
  const href = /https:\/\/maps\.google\.com\/\?q=-?[\d.e-]+,-?[\d.e-]+$/.exec(text)?.[0];
  return { name: (href ? text.slice(0, -href.length) : text).trim(), href };
}
