/** Shows an E.164 number the way people here write it; other countries keep their prefix. */
export function displayPhone(phone: string): string {
  const local = /^\+972(\d{8,9})$/.exec(phone)?.[1];
  if (!local) return phone;
  const cut = local.length === 9 ? 2 : 1;
  return `0${local.slice(0, cut)}-${local.slice(cut, cut + 3)}-${local.slice(cut + 3)}`;
}
