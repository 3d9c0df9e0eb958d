// A preview: its pixels, and the outlines that the station wrote into a comment of the JPEG file.

const COMMENT = 0xfe;
const SCAN = 0xda;
const PREFIX = "outlines=";
const MAX_OUTLINES = 64;

/** Return the picture at `url` as bitmap and outlines in pixels of the source; null where there is none. */
export async function loadPreview(url) {
  try {
    const response = await fetch(url);
    if (!response.ok) return null;
    const content = await response.blob();
    const [bitmap, buffer] = await Promise.all([createImageBitmap(content), content.arrayBuffer()]);
    return { bitmap, outlines: outlinesOf(new Uint8Array(buffer)) };
  } catch {
    return null;
  }
}

/** Return lists of x, y, x, y, … from the comment before the picture data; none where it is damaged. */
function outlinesOf(bytes) {
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== SCAN; ) {
    const length = (bytes[at + 2] << 8) | bytes[at + 3];
    if (length < 2) return [];
    if (bytes[at + 1] === COMMENT) {
      const text = new TextDecoder().decode(bytes.subarray(at + 4, at + 2 + length));
      if (text.startsWith(PREFIX)) return checked(text.slice(PREFIX.length));
    }
    at += 2 + length;
  }
  return [];
}

function checked(text) {
  try {
    const outlines = JSON.parse(text);
    return outlines.filter((one) => one.length >= 4 && one.every(Number.isFinite)).slice(0, MAX_OUTLINES);
  } catch {
    return [];
  }
}
