/** Code page 437, the original IBM PC's, from 0x80 on. */
const CP437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The name of a zip's entry: UTF-8 if the entry says so, else code page 437. Some programs, macOS among them, write UTF-8
 * and do not say so; as what is UTF-8 by chance is no name in the code page, such names are taken for what they are.
 */
export function decodeName(bytes: Buffer, isUtf8: boolean): string {
  try {
    return utf8.decode(bytes);
  } catch {
    if (isUtf8) return bytes.toString('utf8');
    return Array.from(bytes, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : CP437[byte - 0x80])).join('');
  }
}
