/** Fast paths of node's Buffer that its published types leave out. */
interface Buffer {
  base64urlSlice (start?: number, end?: number): string
  base64urlWrite (text: string, offset?: number, length?: number): number
  utf8Write (text: string, offset?: number, length?: number): number
}
